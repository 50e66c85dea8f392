"""Server-sent events: the only place that writes the ``text/event-stream`` format.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from django.http import StreamingHttpResponse

KEEP_ALIVE_S = 10.0
_COMMENT = b": keep-alive\n\n"
# The event loop keeps only weak references to tasks.
_tasks: set[asyncio.Task[None]] = set()


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


class EventLog(Protocol):
    """Events that are kept in memory as they come, for any number of followers."""

    async def events_after(self, seen: int) -> list[ServerSentEvent]:
        """Wait for the events after the first ``seen``; none is left at the end."""


def log_response(
    log: EventLog,
    *,
    seen: int = 0,
    first: ServerSentEvent | None = None,
    during: AbstractAsyncContextManager[object],
) -> StreamingHttpResponse:
    """Return a response that sends the events after the first ``seen`` as ``stream_response`` does.

    ``first`` is sent before them. ``during`` is entered until the log ends or the client
    disconnects.
    """
    holder = _start(_hold(during, log))
    return _response(_log_chunks(log, seen, first, holder))


def stream_response(
    events: AsyncGenerator[ServerSentEvent, None],
    *,
    during: AbstractAsyncContextManager[object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> StreamingHttpResponse:
    """Return a response that sends events as they come, and comments while none comes.

    ``during`` is entered as long as events are read. The generator is started at once and closed
    when the client disconnects, so that its ``finally`` runs even if nobody reads the response.
    """
    queue: asyncio.Queue[bytes | None] = asyncio.Queue()
    reader = _start(_read(events, queue, during or nullcontext()))
    return _response(_chunks(reader, queue), headers)


def _response(
    chunks: AsyncGenerator[bytes, None], headers: Mapping[str, str] | None = None
) -> StreamingHttpResponse:
    response = StreamingHttpResponse(chunks, content_type="text/event-stream", headers=headers)
    response["Cache-Control"] = "no-store, no-transform"
    # nginx buffers responses without it.
    response["X-Accel-Buffering"] = "no"
    return response


def _start(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    task = asyncio.create_task(work)
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return task


async def _hold(during: AbstractAsyncContextManager[object], log: EventLog) -> None:
    seen = 0
    async with during:
        while events := await log.events_after(seen):
            seen += len(events)


async def _log_chunks(
    log: EventLog, seen: int, first: ServerSentEvent | None, holder: asyncio.Task[None]
) -> AsyncGenerator[bytes, None]:
    """Yield the events, all that have come in one chunk, and a comment when none comes."""
    try:
        if first is not None:
            yield first.encode()
        while True:
            try:
                async with asyncio.timeout(KEEP_ALIVE_S):
                    events = await log.events_after(seen)
            except TimeoutError:
                yield _COMMENT
                continue
            if not events:
                break
            seen += len(events)
            yield b"".join([event.encode() for event in events])
        await holder
    finally:
        await _cancel(holder)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


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
        await _cancel(reader)
