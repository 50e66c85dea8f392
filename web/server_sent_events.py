"""Server-sent events: the only place that writes the ``text/event-stream`` format.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from dataclasses import dataclass
from typing import Any

import orjson
from django.http import StreamingHttpResponse

KEEP_ALIVE_S = 10.0
_COMMENT = b": keep-alive\n\n"
# The event loop keeps only weak references to tasks.
_readers: set[asyncio.Task[None]] = set()


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """An event: ``data`` is bytes of one line, or anything else that JSON can write.

    ``id`` is what the browser sends as ``Last-Event-ID`` when it reconnects. Clients ignore a
    comment, which has neither a name nor an id.
    """

    data: Any
    name: str | None = None
    id: str | None = None
    is_comment: bool = False

    def encode(self) -> bytes:
        """Return the event in the ``text/event-stream`` format."""
        data = self.data if isinstance(self.data, bytes) else orjson.dumps(self.data)
        if self.is_comment:
            return b": %s\n\n" % data
        identifier = b"" if self.id is None else b"id: %s\n" % self.id.encode()
        name = b"" if self.name is None else b"event: %s\n" % self.name.encode()
        return b"%s%sdata: %s\n\n" % (identifier, name, data)


def stream_response(
    events: AsyncGenerator[ServerSentEvent, None],
    *,
    first: ServerSentEvent | None = None,
    during: AbstractAsyncContextManager[object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> StreamingHttpResponse:
    """Return a response that sends events as they come, and comments while none comes.

    ``first`` is sent before them. ``during`` is entered as long as events are read. The generator
    is started at once and closed when the client disconnects, so that its ``finally`` runs even if
    nobody reads the response.
    """
    queue: asyncio.Queue[bytes | None] = asyncio.Queue()
    if first is not None:
        queue.put_nowait(first.encode())
    reader = asyncio.create_task(_read(events, queue, during or nullcontext()))
    _readers.add(reader)
    reader.add_done_callback(_readers.discard)
    response = StreamingHttpResponse(
        _chunks(reader, queue), content_type="text/event-stream", headers=headers
    )
    response["Cache-Control"] = "no-store, no-transform"
    # nginx buffers responses without it.
    response["X-Accel-Buffering"] = "no"
    return response


async def _read(
    events: AsyncGenerator[ServerSentEvent, None],
    queue: asyncio.Queue[bytes | None],
    during: AbstractAsyncContextManager[object],
) -> None:
    """Put the events into the queue, then None, whatever ended them.

    The queue is not bounded, so that a slow client does not slow down the model.
    """
    try:
        async with during, aclosing(events):
            async for event in events:
                queue.put_nowait(event.encode())
    finally:
        queue.put_nowait(None)


async def _chunks(
    reader: asyncio.Task[None], queue: asyncio.Queue[bytes | None]
) -> AsyncGenerator[bytes, None]:
    """Yield the events, all that are waiting in one chunk, and a comment when none comes."""
    waiting: list[bytes | None] = []
    try:
        while None not in waiting:
            try:
                async with asyncio.timeout(KEEP_ALIVE_S):
                    waiting = [await queue.get()]
            except TimeoutError:
                waiting = [_COMMENT]
            while not queue.empty():
                waiting.append(queue.get_nowait())
            if chunk := b"".join(filter(None, waiting)):
                yield chunk
        await reader
    finally:
        reader.cancel()
        await asyncio.wait([reader])
