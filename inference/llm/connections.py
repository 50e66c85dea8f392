"""The HTTP clients that the model requests of an event loop share.

A pool keeps TLS connections warm, so that a question does not pay for a handshake; a client belongs
to the loop it was made in (a web process has one loop). Backends share one client, except those
with a certificate authority of their own, and those of organisations (`inference.llm.addresses`).
"""

import asyncio
import ssl
from functools import lru_cache, partial

import httpx
from aiohttp import ClientError, ClientSession, DummyCookieJar, TCPConnector
from httpx_aiohttp import AiohttpTransport

from inference.llm.addresses import PublicAddressTransport

# Streams last: 200 at once must not wait for one another.
MAX_CONNECTIONS = 1000
KEPT_IDLE_S = 30.0
# All that is raised for a request: HTTPError alone leaves some out.
REQUEST_FAILED = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ClientError)
LOOPBACK = ("all://localhost", "all://127.0.0.1", "all://[::1]")

_Kind = tuple[str, bool]
_clients: dict[asyncio.AbstractEventLoop, dict[_Kind, httpx.AsyncClient]] = {}


def shared_client(ca_certificates: str = "", *, public_only: bool = False) -> httpx.AsyncClient:
    """Return the running loop's client that trusts ``ca_certificates`` (PEM; "": the system's).

    Callers give each request its own timeouts. The operator's HTTPS_PROXY and SSL_CERT_FILE count,
    but never for loopback; with ``public_only``, no proxy is used, and other addresses are refused.
    Raises ssl.SSLError for unreadable certificates.
    """
    loop = asyncio.get_running_loop()
    clients = _clients.get(loop)
    if clients is None:
        for closed in [each for each in _clients if each.is_closed()]:
            del _clients[closed]
        clients = _clients[loop] = {}
    kind = (ca_certificates, public_only)
    if kind not in clients:
        clients[kind] = _new_client(ca_certificates, public_only=public_only)
    return clients[kind]


async def close_shared_client() -> None:
    """Close the clients of the running loop: called when the process stops."""
    for client in _clients.pop(asyncio.get_running_loop(), {}).values():
        await client.aclose()


def _new_client(ca_certificates: str, *, public_only: bool) -> httpx.AsyncClient:
    """Return a client by aiohttp, which costs a fraction of httpcore (decision 023)."""
    trusted = _trusted(ca_certificates)

    def session(*, with_proxy: bool) -> ClientSession:
        connector = TCPConnector(limit=MAX_CONNECTIONS, keepalive_timeout=KEPT_IDLE_S, ssl=trusted)
        return ClientSession(connector=connector, cookie_jar=DummyCookieJar(), trust_env=with_proxy)

    direct = partial(session, with_proxy=False)
    if public_only:
        return httpx.AsyncClient(transport=PublicAddressTransport(client=direct))
    return httpx.AsyncClient(
        transport=AiohttpTransport(client=partial(session, with_proxy=True)),
        mounts=dict.fromkeys(LOOPBACK, AiohttpTransport(client=direct)),
    )


@lru_cache(maxsize=16)
def _trusted(ca_certificates: str) -> ssl.SSLContext:
    """Return what loops share: to read the system's certificates takes 25 ms."""
    if ca_certificates:
        return ssl.create_default_context(cadata=ca_certificates)
    return httpx.create_ssl_context()
