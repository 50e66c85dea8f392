"""Check that keys and passkeys are used on pages of this site: its scheme, host and port."""

from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.adapter import get_adapter
from django.conf import settings
from fido2.utils import websafe_decode
from fido2.webauthn import CollectedClientData

_DEFAULT_PORTS = {"http": 80, "https": 443}


def site_host() -> str:
    """Return the host to which keys are bound (the relying party's identifier)."""
    return urlsplit(settings.SITE_URL).hostname or ""


def require_site_origin(credential: Any) -> None:
    """Raise ValidationError unless ``credential`` was created on a page of SITE_URL.

    fido2 checks only the host, and accepts sub-domains and any port.
    """
    try:
        client_data = CollectedClientData(websafe_decode(credential["response"]["clientDataJSON"]))
    except (TypeError, KeyError, ValueError) as error:
        raise get_adapter().validation_error("incorrect_code") from error
    if _origin(client_data.origin) != _origin(settings.SITE_URL) or client_data.cross_origin:
        raise get_adapter().validation_error("incorrect_code")


def _origin(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return "", None, None
