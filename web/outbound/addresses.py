"""Which addresses may be reached by requests that users of the site ask for.

Only public ones, unless the operator allows more: a request must not reach the deployment's own
network, other services of its machines, or the metadata service of a cloud. Names are resolved
here, and the caller connects to the addresses that were checked, so that a name whose address
changes in between gains nothing. Numbers in any spelling (decimal, octal, shortened) are resolved
to an address like a name, and checked like any other.
"""

import socket
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)

from django.conf import settings

from web.outbound.errors import DestinationRefused, Unreachable

Address = IPv4Address | IPv6Address

# IPv4 addresses inside IPv6 ones (RFC 6052).
_NAT64 = IPv6Network("64:ff9b::/96")
# All that IANA has assigned for use in the Internet (RFC 4291, 2.5.4).
_GLOBAL_UNICAST = IPv6Network("2000::/3")
# Services of clouds at addresses that count as public: Azure's, and those of 192.0.0.0/24.
_OF_CLOUDS = (IPv4Network("168.63.129.16/32"), IPv4Network("192.0.0.0/24"))


def inner_address(address: Address) -> Address:
    """Return the IPv4 address to which an IPv6 one leads, if it is such a one."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def is_public(address: Address) -> bool:
    """Whether an address is one of the Internet, and of no service of a cloud."""
    inner = inner_address(address)
    if isinstance(inner, IPv6Address):
        return inner in _GLOBAL_UNICAST and inner.is_global
    is_of_cloud = any(inner in network for network in _OF_CLOUDS)
    return inner.is_global and not inner.is_multicast and not is_of_cloud


def is_allowed(address: Address, host: str) -> bool:
    """Whether ``address``, to which the name ``host`` leads, may be reached."""
    inner = inner_address(address)
    if any(inner in network for network in settings.OUTBOUND_ALLOWED_NETWORKS):
        return True
    if host.lower().rstrip(".") in settings.OUTBOUND_ALLOWED_HOSTS:
        return not (
            inner.is_loopback or inner.is_link_local or inner.is_multicast or inner.is_unspecified
        )
    return is_public(address)


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of ``host``, all of which may be reached.

    Raises DestinationRefused or Unreachable.
    """
    if port not in settings.OUTBOUND_PORTS:
        raise DestinationRefused(f"port {port}")
    if not host:
        raise DestinationRefused("no host")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"{host}: {error}") from error
    # Without the zones of IPv6.
    addresses = list(dict.fromkeys(str(each[4][0]).partition("%")[0] for each in found))
    for each in addresses:
        if not is_allowed(ip_address(each), host):
            raise DestinationRefused(f"{host} leads to {each}")
    return addresses
