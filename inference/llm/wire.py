"""One HTTP request to a model server: opened, read under explicit timeouts, always closed."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any, cast

import httpx
import orjson
from aiohttp import ClientResponse

from inference.errors import (
    BackendTimeout,
    BackendUnavailable,
    InferenceError,
    ProtocolError,
    TruncatedStream,
)
from inference.llm.backend import ChatBackend
from inference.llm.connections import REQUEST_FAILED, shared_client
from inference.llm.failures import error_from_response
from inference.llm.sse import EventDecoder, ServerEvent

WRITE_TIMEOUT_S = 30.0
MAX_ANSWER_BYTES = 64 * 1024 * 1024
MAX_ERROR_BYTES = 64 * 1024
# The pause between two reads of a stream, for each stream of this process: what arrives meanwhile
# passes through the layers above as one piece (docs/decisions/023-time-slices.md).
PAUSE_PER_STREAM_S, SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.002, 0.015, 0.05

# Responses that are being read.
_open: set[httpx.Response] = set()


class Timeouts:
    """How long to wait for the next bytes: `silence_s`, and never past the deadline."""

    def __init__(self, silence_s: float, total_s: float) -> None:
        self.silence_s = silence_s
        self._deadline = asyncio.get_running_loop().time() + total_s

    def timeout(self) -> asyncio.Timeout:
        """Return a context manager that raises TimeoutError when the time is up."""
        now = asyncio.get_running_loop().time()
        return asyncio.timeout_at(min(now + self.silence_s, self._deadline))


@asynccontextmanager
async def open_response(
    backend: ChatBackend, method: str, path: str, timeouts: Timeouts, body: Any = None
) -> AsyncIterator[httpx.Response]:
    """Send a request and hand over its response once its status is known to be 200.

    Leaving the block closes the connection unless all was read, which makes vLLM and llama.cpp stop
    generating. Raises the InferenceError of any other status, and of a connection that fails.
    """
    client = shared_client(backend.ca_certificates, public_only=backend.is_restricted_to_public)
    try:
        request = client.build_request(
            method,
            backend.url(path),
            headers=backend.headers() | {"Content-Type": "application/json"},
            content=None if body is None else orjson.dumps(body),
            timeout=httpx.Timeout(WRITE_TIMEOUT_S, connect=backend.connect_timeout_s, read=None),
        )
        async with timeouts.timeout():
            response = await client.send(request, stream=True)
    except TimeoutError as error:
        raise BackendTimeout(f"Not a byte in {timeouts.silence_s} s.") from error
    except REQUEST_FAILED as error:
        raise _to_error(error) from error
    try:
        if response.status_code != httpx.codes.OK:
            explanation = await _read_whole(response, timeouts, MAX_ERROR_BYTES)
            raise error_from_response(response.status_code, response.headers, explanation)
        yield response
    finally:
        await response.aclose()
        # aiohttp closes the connection in the next step of the event loop.
        await asyncio.sleep(0)


async def read_bytes(response: httpx.Response, timeouts: Timeouts) -> AsyncGenerator[bytes, None]:
    """Yield the body as it comes: all that has arrived since the last piece.

    Raises BackendTimeout for silence, TruncatedStream for a connection cut in the middle,
    ProtocolError for a body without end.
    """
    size = 0
    pieces = response.aiter_bytes()
    _open.add(response)
    try:
        while True:
            try:
                async with timeouts.timeout():
                    piece = await anext(pieces, None)
            except TimeoutError as error:
                raise BackendTimeout(f"Silent for {timeouts.silence_s} s.") from error
            except httpx.DecodingError as error:
                raise ProtocolError(f"Undecodable body: {error!r}") from error
            except REQUEST_FAILED as error:
                raise TruncatedStream(f"Connection lost: {error!r}") from error
            if piece is None:
                return
            size += len(piece)
            if size > MAX_ANSWER_BYTES:
                raise ProtocolError(f"An answer of more than {MAX_ANSWER_BYTES} bytes.")
            yield piece
    finally:
        _open.discard(response)


def pause_between_reads_s() -> float:
    """Return how long a stream that has begun pauses between two reads."""
    return min(max(PAUSE_PER_STREAM_S * len(_open), SHORTEST_PAUSE_S), LONGEST_PAUSE_S)


async def leave_unread(response: httpx.Response, seconds: float) -> None:
    """Let the system gather what arrives of a response for some time, for the next read.

    Otherwise the process would wake up for each token.
    """
    transport = _transport(response)
    if transport is None:
        await asyncio.sleep(seconds)
        return
    transport.pause_reading()
    try:
        await asyncio.sleep(seconds)
    finally:
        if not transport.is_closing():
            transport.resume_reading()


async def read_events(
    response: httpx.Response, timeouts: Timeouts
) -> AsyncGenerator[list[ServerEvent], None]:
    """Yield the events of each read: a stream's, or one JSON object given instead of a stream.

    What the body begins with decides, for gateways label errors as event streams and proxies put
    their own pages in. Raises what `read_bytes` raises, and ProtocolError for a page of HTML.
    """
    decoder = EventDecoder()
    head = b""
    is_stream = False
    async with aclosing(read_bytes(response, timeouts)) as pieces:
        async for piece in pieces:
            if is_stream:
                yield decoder.feed(piece)
                continue
            head = (head + piece).lstrip()
            if head.startswith(b"<"):
                raise ProtocolError(f"HTML instead of an answer: {head[:200]!r}")
            if head.startswith(b"{"):
                if _is_json(head):
                    yield [ServerEvent(head.decode())]
                    return
            elif head:
                is_stream = True
                yield decoder.feed(head)
    if not is_stream:
        yield decoder.feed(head)
    yield decoder.close()


async def _read_whole(response: httpx.Response, timeouts: Timeouts, max_bytes: int) -> bytes:
    body = b""
    try:
        async with aclosing(read_bytes(response, timeouts)) as pieces:
            async for piece in pieces:
                body += piece
                if len(body) >= max_bytes:
                    break
    except InferenceError:
        return body
    return body


def _transport(response: httpx.Response) -> asyncio.ReadTransport | None:
    """Return the open connection of a response whose body has not ended; aiohttp's, inside httpx's.

    Without it, as with a transport that is not aiohttp's, nothing is gathered.
    """
    stream = getattr(response.stream, "_stream", None)
    answer: ClientResponse | None = getattr(stream, "_aiohttp_response", None)
    connection = None if answer is None else answer.connection
    transport = None if connection is None else connection.transport
    if transport is None or transport.is_closing():
        return None
    return cast(asyncio.ReadTransport, transport)


def _to_error(error: Exception) -> InferenceError:
    # aiohttp's timeouts are TimeoutErrors; its transport does not tell them from refusals.
    is_timeout = isinstance(error, httpx.WriteTimeout) or isinstance(error.__cause__, TimeoutError)
    return (BackendTimeout if is_timeout else BackendUnavailable)(repr(error))


def _is_json(body: bytes) -> bool:
    if not body.rstrip().endswith(b"}"):
        return False
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return True
