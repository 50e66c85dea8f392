"""A lightweight client of event streams, so that benchmarks measure the server."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 120.0


class Refused(Exception):
    """The server answered with an error status."""


@asynccontextmanager
async def _exchange(
    method: str, url: str, headers: Mapping[str, str], body: Any
) -> AsyncGenerator[asyncio.StreamReader, None]:
    """Send a request on a connection of its own; return the reader, after the response's head."""
    parts = urlsplit(url)
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {parts.path} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += ["Content-Type: application/json", f"Content-Length: {len(content)}", "", ""]
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write("\r\n".join(lines).encode() + content)
        status = int((await reader.readline()).split()[1])
        head = await reader.readuntil(b"\r\n\r\n")
        if status >= 400:
            raise Refused(f"{status} {url}: {(await reader.read())[:500]!r}")
        assert b"transfer-encoding: chunked" in head.lower() or b"content-length" in head.lower()
        yield reader
    finally:
        writer.close()


async def post_json(url: str, headers: Mapping[str, str], body: Any) -> Any:
    """Return the JSON that answers a POST."""
    async with asyncio.timeout(TIMEOUT_S), _exchange("POST", url, headers, body) as reader:
        return json.loads(await reader.read())


async def events(
    method: str, url: str, headers: Mapping[str, str], body: Any = None
) -> AsyncGenerator[tuple[str, str], None]:
    """Yield ``(event, data)`` as they come; an event without a name is called "message".

    Every line of an event lies in one chunk of the transfer, so the chunks' own lines are skipped.
    """
    async with asyncio.timeout(TIMEOUT_S), _exchange(method, url, headers, body) as reader:
        name = "message"
        while line := await reader.readline():
            if line.startswith(b"event: "):
                name = line[7:].strip().decode()
            elif line.startswith(b"data: "):
                yield name, line[6:].strip().decode()
                name = "message"
