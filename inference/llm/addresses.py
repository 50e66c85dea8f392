"""Keeps requests to the backends of organisations away from the deployment's own network.

The address of such a backend is written by a person who does not operate the site. Its name is
resolved here, for every connection, and the request goes to the address that was checked: a name
that changes its address between the check and the connection gains nothing.
"""

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import httpx
from django.conf import settings
from httpx_aiohttp import AiohttpTransport

from web.outbound.addresses import inner_address, is_public


class AddressRefused(httpx.ConnectError):
    """The name leads to an address that a backend of an organisation may not have."""


class PublicAddressTransport(AiohttpTransport):
    """Connects to public addresses, and to those of ORGANISATION_BACKEND_NETWORKS."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpx.ConnectError(f"{host}: {error}", request=request) from error
        addresses = _addresses(found)
        if refused := _refused(addresses):
            raise AddressRefused(f"{host} leads to {refused[0]}", request=request)
        # The Host header keeps the name, and so does the certificate's check.
        request.extensions = request.extensions | {"sni_hostname": host}
        request.url = request.url.copy_with(host=addresses[0])
        return await super().handle_async_request(request)


def refused_addresses(host: str) -> list[str]:
    """Return the addresses of ``host`` that are refused; none if it cannot be resolved now."""
    try:
        return _refused(_addresses(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)))
    except OSError:
        return []


def is_allowed(address: IPv4Address | IPv6Address) -> bool:
    """Whether a backend of an organisation may have this address."""
    inner = inner_address(address)
    if any(inner in network for network in settings.ORGANISATION_BACKEND_NETWORKS):
        return True
    return is_public(address)


def _refused(addresses: Iterable[str]) -> list[str]:
    return [each for each in addresses if not is_allowed(ip_address(each))]


def _addresses(found: Iterable[tuple[Any, ...]]) -> list[str]:
    """Return the addresses of ``getaddrinfo``, without the zones of IPv6."""
    return [str(each[4][0]).partition("%")[0] for each in found]
