"""Access to the metrics for Prometheus."""

from ipaddress import ip_address
from secrets import compare_digest

from django.conf import settings
from django.http import HttpRequest

from web.client_address import client_address

# Headers of proxies: such a request comes from a client behind the proxy's address.
_ADDED_BY_PROXIES = ("X-Forwarded-For", "X-Real-IP", "Forwarded")


def may_read_metrics(request: HttpRequest) -> bool:
    """Whether a request comes from ``METRICS_ALLOWED_NETWORKS`` or carries ``METRICS_TOKEN``."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if settings.METRICS_TOKEN and scheme.lower() == "bearer":
        return compare_digest(token.encode(), settings.METRICS_TOKEN.encode())
    if not settings.TRUST_PROXY_HEADERS and any(
        name in request.headers for name in _ADDED_BY_PROXIES
    ):
        return False
    address = client_address(request)
    return address is not None and any(
        ip_address(address) in network for network in settings.METRICS_ALLOWED_NETWORKS
    )
