"""Follows answers for browsers: those of this process from memory, others in the database.

A browser may connect to another process than the one that runs its answer, or after a restart. It
then receives the text that the running answer saves about once a second.
"""

import asyncio
from collections.abc import AsyncGenerator
from uuid import UUID

from chat.answers.browser_events import catch_up_events, ending_events
from chat.answers.persistence import load_answer
from chat.running import find_running
from instances.models import Instance
from instances.tenancy import in_tenant
from usage.models import AnswerStatus
from web.server_sent_events import ServerSentEvent

POLL_EVERY_S = 0.5


def follow(
    instance: Instance, answer_id: UUID, seen: int, *, cited_only: bool
) -> AsyncGenerator[ServerSentEvent, None]:
    """Return the events of an answer after the first ``seen``.

    Events from the database have no id, as each has the whole text. ``cited_only``
    (``browser_events``) applies to them; those from memory were converted for the person who asked.
    """
    running = find_running(answer_id)
    if running is not None:
        return running.follow(seen if seen <= len(running.events) else 0)
    return _follow_database(instance, answer_id, cited_only=cited_only)


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
        if stored.message.status != AnswerStatus.STREAMING:
            for event in ending_events(stored, cited_only=cited_only):
                yield event
            return
        await asyncio.sleep(POLL_EVERY_S)
