"""Where a request comes from, for the audit log and rate limits."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """Return the client's IP address; None for a connection without one (a Unix socket)."""
    peer = request.META.get("REMOTE_ADDR", "")
    return address_behind_proxy(peer, request.headers.get("X-Forwarded-For", ""))


def address_behind_proxy(peer: str, forwarded_for: str) -> str | None:
    """Return the IP address of the client of a connection from ``peer``.

    Behind a trusted proxy it is the last address of ``X-Forwarded-For``, which that proxy wrote;
    the client itself may have sent those before it.
    """
    address = peer
    if settings.TRUST_PROXY_HEADERS:
        address = forwarded_for.rpartition(",")[2].strip() or peer
    try:
        return str(ip_address(address))
    except ValueError:
        return None
