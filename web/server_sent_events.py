"""Server-sent events: the only place that writes the ``text/event-stream`` format.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from dataclasses import dataclass
from itertools import chain
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

    async def ended(self) -> None:
        """Wait for the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentAs:
    """How the events of a log are sent: ``first`` before them, those of ``end`` after them.

    ``convert`` returns what is sent of an event; without it, events are sent as they are.
    """

    first: Sequence[ServerSentEvent] = ()
    convert: Callable[[ServerSentEvent], Iterable[ServerSentEvent]] | None = None
    end: Callable[[], Awaitable[Iterable[ServerSentEvent]]] | None = None

    def encode(self, events: Sequence[ServerSentEvent]) -> bytes:
        """Return what is sent of some events."""
        if self.convert is not None:
            return _joined(chain.from_iterable(map(self.convert, events)))
        return _joined(events)


_AS_THEY_ARE = SentAs()


def log_response(
    log: EventLog,
    *,
    seen: int = 0,
    sent_as: SentAs = _AS_THEY_ARE,
    during: AbstractAsyncContextManager[object],
    headers: Mapping[str, str] | None = None,
) -> StreamingHttpResponse:
    """Return a response that sends the events after the first ``seen`` as ``stream_response`` does.

    ``during`` is entered until the log ends or the client disconnects.
    """
    holder = _start(_hold(during, log))
    return _response(_log_chunks(log, seen, sent_as, holder), headers)


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
    async with during:
        await log.ended()


async def _log_chunks(
    log: EventLog, seen: int, sent_as: SentAs, holder: asyncio.Task[None]
) -> AsyncGenerator[bytes, None]:
    """Yield the events, all that have come in one chunk, and a comment when none comes."""
    try:
        if sent_as.first:
            yield _joined(sent_as.first)
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
            if chunk := sent_as.encode(events):
                yield chunk
        await holder
        if sent_as.end is not None:
            yield _joined(await sent_as.end())
    finally:
        await _cancel(holder)


def _joined(events: Iterable[ServerSentEvent]) -> bytes:
    return b"".join([event.encode() for event in events])


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
