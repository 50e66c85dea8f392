"""Server-sent events: a response that proxies pass on at once, kept alive by comments."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from django.http import StreamingHttpResponse

KEEP_ALIVE_S = 10.0
_COMMENT = b": keep-alive\n\n"
# The event loop itself holds tasks weakly.
_pumps: set[asyncio.Task[None]] = set()


def stream_response(events: AsyncGenerator[bytes, None]) -> StreamingHttpResponse:
    """Return a ``text/event-stream`` response; the generator is closed when the client leaves.

    It is begun at once: what it does in ``finally`` is done also when nobody reads the response.
    """
    queue: asyncio.Queue[bytes | None] = asyncio.Queue()
    pump = asyncio.create_task(_pump(events, queue))
    _pumps.add(pump)
    pump.add_done_callback(_pumps.discard)
    response = StreamingHttpResponse(_kept_alive(pump, queue), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _kept_alive(
    pump: asyncio.Task[None], queue: asyncio.Queue[bytes | None]
) -> AsyncGenerator[bytes, None]:
    """Yield the events, those that came together in one piece, and comments when none comes."""
    try:
        pieces: list[bytes | None] = []
        while None not in pieces:
            pieces = await _come_together(queue)
            if piece := b"".join(filter(None, pieces)):
                yield piece
        await pump
    finally:
        pump.cancel()
        await asyncio.wait([pump])


async def _pump(events: AsyncGenerator[bytes, None], queue: asyncio.Queue[bytes | None]) -> None:
    """Put the events into the queue, then None, whatever ended them.

    A slow client does not slow the model down: an answer is small enough to wait in memory.
    """
    try:
        async with aclosing(events):
            async for event in events:
                queue.put_nowait(event)
    finally:
        queue.put_nowait(None)


async def _come_together(queue: asyncio.Queue[bytes | None]) -> list[bytes | None]:
    """Wait for something to send, for a while, and take all that is there."""
    try:
        async with asyncio.timeout(KEEP_ALIVE_S):
            pieces = [await queue.get()]
    except TimeoutError:
        return [_COMMENT]
    while not queue.empty():
        pieces.append(queue.get_nowait())
    return pieces
