"""Where a request comes from, for the audit log and rate limits."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The browser's IP address, or None where the connection has none (a Unix socket)."""
    peer = request.META.get("REMOTE_ADDR", "")
    return address_behind_proxy(peer, request.headers.get("X-Forwarded-For", ""))


def address_behind_proxy(peer: str, forwarded_for: str) -> str | None:
    """The IP address of the client of a connection from ``peer``.

    Behind a trusted proxy it is the last hop of ``X-Forwarded-For``, the one that our own proxy
    wrote: what comes before it is the browser's own word.
    """
    address = peer
    if settings.TRUST_PROXY_HEADERS:
        address = forwarded_for.rpartition(",")[2].strip() or peer
    try:
        return str(ip_address(address))
    except ValueError:
        return None
