"""The one HTTP client that every model request of an event loop shares.

A pool keeps TLS connections warm, so that a question does not pay for a handshake; a client belongs
to the loop it was made in, hence one for each (a web process has one loop).
"""

import asyncio

import httpx
from aiohttp import ClientError, ClientSession, DummyCookieJar, TCPConnector
from httpx_aiohttp import AiohttpTransport

# Streams last: 200 at once must not wait for one another.
MAX_CONNECTIONS = 1000
KEPT_IDLE_S = 30.0
# All that is raised for a request: HTTPError alone leaves some out.
REQUEST_FAILED = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ClientError)
LOOPBACK = ("all://localhost", "all://127.0.0.1", "all://[::1]")

_clients: dict[asyncio.AbstractEventLoop, httpx.AsyncClient] = {}


def shared_client() -> httpx.AsyncClient:
    """Return the client of the running loop; callers give each request its own timeouts.

    The operator's HTTPS_PROXY and SSL_CERT_FILE count, but never for loopback.
    """
    loop = asyncio.get_running_loop()
    client = _clients.get(loop)
    if client is None:
        for closed in [each for each in _clients if each.is_closed()]:
            del _clients[closed]
        client = _clients[loop] = httpx.AsyncClient(
            transport=_transport(with_proxy=True),
            mounts=dict.fromkeys(LOOPBACK, _transport(with_proxy=False)),
        )
    return client


async def close_shared_client() -> None:
    """Close the client of the running loop, if it has one: called when the process stops."""
    client = _clients.pop(asyncio.get_running_loop(), None)
    if client is not None:
        await client.aclose()


def _transport(*, with_proxy: bool) -> AiohttpTransport:
    """Return a transport by aiohttp, which costs a fraction of httpcore's (decision 023).

    ``with_proxy`` uses the proxies of the environment.
    """

    def session() -> ClientSession:
        return ClientSession(
            connector=TCPConnector(
                limit=MAX_CONNECTIONS,
                keepalive_timeout=KEPT_IDLE_S,
                ssl=httpx.create_ssl_context(),
            ),
            cookie_jar=DummyCookieJar(),
            trust_env=with_proxy,
        )

    return AiohttpTransport(client=session)
