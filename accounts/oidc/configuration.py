"""A provider's endpoints and our client secret (in its row), and its keys (in the cache).

The discovery document is read when an operator adds the provider, and every hour, never during a
login. Keys are fetched when a token refers to one that is not in the cache.
"""

from dataclasses import asdict, dataclass, fields
from typing import Any

from allauth.socialaccount.models import SocialApp
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured

from accounts.oidc.errors import ProviderUnreachable
from accounts.oidc.http import fetch_object, is_protected
from web.encryption import decrypt

_DISCOVERY = "/.well-known/openid-configuration"
# Key of the encrypted secret in the row's settings; the column ``secret`` is too short for it.
CLIENT_SECRET = "client_secret"  # noqa: S105 (a name)
_KEYS_LIFE_S = 3600
# Minimum interval between two fetches of the keys because of an unknown key id.
_KEYS_ASKED_EVERY_S = 60


@dataclass(frozen=True)
class Configuration:
    """A provider's endpoints; "" for one that it lacks."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    token_endpoint_auth_methods: tuple[str, ...] = ()
    # RFC 9207: the authorisation response contains the issuer.
    names_issuer: bool = False


def discover(issuer: str) -> Configuration:
    """Read the discovery document of ``issuer``. Raises ProviderUnreachable with the reason.

    The document must contain the same issuer (OpenID Connect Discovery 1.0, section 4).
    """
    url = issuer.rstrip("/") + _DISCOVERY
    document = fetch_object(url)
    if document.get("issuer") != issuer:
        raise ProviderUnreachable(f"{url} is of the issuer {document.get('issuer')}, not {issuer}")
    return Configuration(
        issuer=issuer,
        authorization_endpoint=_endpoint(document, "authorization_endpoint"),
        token_endpoint=_endpoint(document, "token_endpoint"),
        jwks_uri=_endpoint(document, "jwks_uri"),
        userinfo_endpoint=_endpoint(document, "userinfo_endpoint", required=False),
        end_session_endpoint=_endpoint(document, "end_session_endpoint", required=False),
        token_endpoint_auth_methods=tuple(
            document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        ),
        names_issuer=document.get("authorization_response_iss_parameter_supported") is True,
    )


def keep(app: SocialApp, configuration: Configuration) -> None:
    """Store the endpoints in the provider's row."""
    app.settings = app.settings | {"configuration": asdict(configuration)}
    app.save(update_fields=["settings"])


def configuration_of(app: SocialApp) -> Configuration:
    """Return the endpoints stored in the provider's row. Raises ProviderUnreachable if none."""
    kept = app.settings.get("configuration")
    if not kept:
        raise ProviderUnreachable(f"{app.provider_id} has not been discovered")
    return Configuration(
        **{field.name: kept[field.name] for field in fields(Configuration) if field.name in kept}
    )


def client_secret_of(app: SocialApp) -> str:
    """Return the decrypted client secret. Raises ProviderUnreachable if it cannot be decrypted."""
    try:
        return decrypt(app.settings.get(CLIENT_SECRET, ""))
    except ImproperlyConfigured as error:
        raise ProviderUnreachable(f"{app.provider_id}: {error}") from error


def keys_of(configuration: Configuration, key_id: str | None) -> list[dict[str, Any]]:
    """Return the provider's public keys (JWK), fetched again if ``key_id`` is not among them.

    Raises ProviderUnreachable.
    """
    name = f"oidc-keys:{configuration.jwks_uri}"
    keys: list[dict[str, Any]] | None = cache.get(name)
    if keys is not None and (key_id is None or any(key.get("kid") == key_id for key in keys)):
        return keys
    if keys is not None and not cache.add(f"{name}:asked", True, _KEYS_ASKED_EVERY_S):
        return keys
    found = fetch_object(configuration.jwks_uri).get("keys")
    if not isinstance(found, list):
        raise ProviderUnreachable(f"{configuration.jwks_uri}: no keys")
    keys = [key for key in found if isinstance(key, dict)]
    cache.set(name, keys, _KEYS_LIFE_S)
    return keys


def _endpoint(document: dict[str, Any], name: str, *, required: bool = True) -> str:
    url = document.get(name) or ""
    if not isinstance(url, str) or (required and not url):
        raise ProviderUnreachable(f"the discovery document has no {name}")
    if url and not is_protected(url):
        raise ProviderUnreachable(f"{name} is not an https address: {url}")
    return url
