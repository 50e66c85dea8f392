"""Follows answers for browsers, whichever process runs them.

The events of an answer of this process are in memory; those of another process come over Valkey
(``chat.relaying``). After a restart, or while Valkey is unavailable, a browser receives the text
that the running answer saves every one to three seconds.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, aclosing
from uuid import UUID

from django.http import StreamingHttpResponse
from redis.exceptions import RedisError

from chat.answers.browser_events import catch_up_events, ending_events
from chat.answers.persistence import StoredAnswer, load_answer
from chat.relaying import relayed_events
from chat.running import find_running
from inference.catalogue import model_names
from instances.models import Instance
from instances.tenancy import in_database, in_tenant
from usage.models import AnswerStatus
from web.server_sent_events import ServerSentEvent, log_response, stream_response

POLL_EVERY_S = 0.5


def events_response(
    instance: Instance,
    answer_id: UUID,
    seen: int,
    *,
    cited_only: bool,
    during: AbstractAsyncContextManager[object],
) -> StreamingHttpResponse:
    """Return a response that sends the events of an answer after the first ``seen``.

    Events from the database have no id, as each has the whole text. ``cited_only``
    (``browser_events``) applies to them; all others were converted for the person who asked.
    """
    running = find_running(answer_id)
    if running is not None:
        seen = seen if seen <= len(running.events) else 0
        return log_response(running, seen=seen, during=during)
    events = _follow_elsewhere(instance, answer_id, seen, cited_only=cited_only)
    return stream_response(events, during=during)


async def _follow_elsewhere(
    instance: Instance, answer_id: UUID, seen: int, *, cited_only: bool
) -> AsyncGenerator[ServerSentEvent, None]:
    stored = await in_tenant(instance, load_answer, instance, answer_id)
    if stored is not None and _is_running(stored):
        try:
            async with aclosing(relayed_events(answer_id, seen)) as events:
                async for event in events:
                    yield event
        except (RedisError, TimeoutError):
            # Its process has died, or cannot be asked.
            pass
        else:
            return
    async with aclosing(_follow_database(instance, answer_id, cited_only=cited_only)) as events:
        async for event in events:
            yield event


async def _follow_database(
    instance: Instance, answer_id: UUID, *, cited_only: bool
) -> AsyncGenerator[ServerSentEvent, None]:
    shown: str | None = None
    while True:
        stored = await in_tenant(instance, load_answer, instance, answer_id)
        if stored is None:
            return
        if stored.message.content != shown:
            shown = stored.message.content
            for event in catch_up_events(stored, cited_only=cited_only):
                yield event
        if not _is_running(stored):
            names = await in_database(model_names, instance)
            for event in ending_events(stored, names, cited_only=cited_only):
                yield event
            return
        await asyncio.sleep(POLL_EVERY_S)


def _is_running(stored: StoredAnswer) -> bool:
    return stored.message.status == AnswerStatus.STREAMING
