"""The one HTTP client that every model request of an event loop shares.

A pool keeps TLS connections warm, so that a question does not pay for a handshake; a client belongs
to the loop it was made in, hence one for each (a web process has one loop).
"""

import asyncio

import httpx

# Streams last: 200 at once must not wait for one another. At each request httpcore looks at every
# connection, and polls the idle ones: 200 streams cost 6 s of CPU with 100 kept idle, 1 s with 20,
# where it still was a tenth of an answer's.
LIMITS = httpx.Limits(max_connections=1000, max_keepalive_connections=8, keepalive_expiry=30.0)
# All that httpx raises for a request: HTTPError alone leaves some out.
REQUEST_FAILED = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError)
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
        client = httpx.AsyncClient(limits=LIMITS, mounts=dict.fromkeys(LOOPBACK))
        _clients[loop] = client
    return client


async def close_shared_client() -> None:
    """Close the client of the running loop, if it has one: called when the process stops."""
    client = _clients.pop(asyncio.get_running_loop(), None)
    if client is not None:
        await client.aclose()
