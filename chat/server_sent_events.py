"""Server-sent events: a response that proxies pass on at once, kept alive by comments."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from django.http import StreamingHttpResponse

KEEP_ALIVE_S = 10.0
_COMMENT = b": keep-alive\n\n"


def stream_response(events: AsyncGenerator[bytes, None]) -> StreamingHttpResponse:
    """Return a ``text/event-stream`` response; the generator is closed when the client leaves."""
    response = StreamingHttpResponse(_kept_alive(events), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _kept_alive(events: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Yield the events, and a comment whenever none has come for a while."""
    async with aclosing(events):
        pending: asyncio.Task[bytes] | None = None
        try:
            while True:
                pending = pending or asyncio.ensure_future(anext(events))
                done, _ = await asyncio.wait([pending], timeout=KEEP_ALIVE_S)
                if not done:
                    yield _COMMENT
                    continue
                try:
                    event = pending.result()
                except StopAsyncIteration:
                    return
                pending = None
                yield event
        finally:
            if pending is not None:
                pending.cancel()
                with suppress(asyncio.CancelledError, StopAsyncIteration):
                    await pending
