"""Requests to a provider: over https, without redirects, with limits on time and size."""

import ipaddress
import json
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from allauth.socialaccount.adapter import get_adapter

from accounts.oidc.errors import ProviderUnreachable

MAX_ANSWER_BYTES = 256 << 10
# Reading the body raises urllib3's errors: a broken encoding, a premature end.
_FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, UnicodeError)


def is_protected(url: str) -> bool:
    """Return whether ``url`` is https, or http to this machine (for tests)."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return bool(parts.hostname)
    return parts.scheme == "http" and _is_loopback(parts.hostname or "")


def fetch(url: str, **headers: str) -> tuple[str, bytes]:
    """GET ``url``; return its media type and its body. Raises ProviderUnreachable."""
    if not is_protected(url):
        raise ProviderUnreachable(f"not an https address: {url}")
    try:
        with get_adapter().get_requests_session() as session:
            response = session.get(url, headers=headers, stream=True)
            response.raise_for_status()
            body = response.raw.read(MAX_ANSWER_BYTES + 1, decode_content=True)
    except _FAILURES as error:
        raise ProviderUnreachable(f"{url}: {error}") from error
    if len(body) > MAX_ANSWER_BYTES:
        raise ProviderUnreachable(f"{url}: too large")
    media_type = str(response.headers.get("Content-Type", "")).partition(";")[0]
    return media_type.strip().lower(), body


def fetch_object(url: str) -> dict[str, Any]:
    """GET a JSON object. Raises ProviderUnreachable."""
    _media_type, body = fetch(url)
    return as_object(body, url)


def as_object(body: bytes, url: str) -> dict[str, Any]:
    """Parse ``body`` as a JSON object. Raises ProviderUnreachable."""
    try:
        value = json.loads(body)
    except ValueError as error:
        raise ProviderUnreachable(f"{url}: not JSON") from error
    if not isinstance(value, dict):
        raise ProviderUnreachable(f"{url}: not a JSON object")
    return value


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
