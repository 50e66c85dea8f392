"""Answers being written: each runs as a task of this process, whoever is looking.

The browser that asked follows the events from memory, and so does one that reloads. A browser that
lands on another process, or after a restart, follows the text that the running answer saves to the
database about once a second. Closing the page stops nothing; *stop* does, from any process, and so
does the end of the person's right to the instance (``chat.answers.rights``).
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from chat.answering import Question, answer_question
from chat.answers.events import Answered
from chat.answers.persistence import FinishedAnswer, save_progress, save_sources
from chat.answers.reading import INTERRUPTED, load_answer
from chat.answers.rights import ACCESS_ENDED, AccessEnded, while_allowed
from chat.answers.saving import in_spite_of_deletions, patiently, save_patiently
from chat.answers.transcript import Transcript
from chat.conversations.browser_events import (
    BrowserEvent,
    catch_up_events,
    ending_events,
    event_for,
)
from chat.models import Message
from instances.access.gates import may_still_enter
from instances.models import Instance, Role
from instances.tenancy import in_tenant
from usage.admission import UNLIMITED, Admission, held

logger = logging.getLogger(__name__)

SAVE_EVERY_S = 1.0
POLL_EVERY_S = 0.5
# A page that reloads just after the end still finds the events.
_KEEP_S = 5.0


@dataclass(eq=False)
class LiveAnswer:
    """The events of an answer in the order in which they came, for any number of followers."""

    answer: Message
    question: Question
    user: Any
    transcript: Transcript
    admission: Admission
    events: list[BrowserEvent] = field(default_factory=list)
    done: bool = False
    stopped: bool = False
    generation: asyncio.Task[None] | None = None
    writer: asyncio.Task[None] | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def cited_only(self) -> bool:
        """Whether the events are for a guest (``browser_events``)."""
        return not self.question.may_read_documents

    def publish(self, *events: BrowserEvent) -> None:
        """Add events and wake the followers."""
        self.events.extend(events)
        self._wake()

    def close(self) -> None:
        """Say that no more will come."""
        self.done = True
        self._wake()

    def stop(self) -> None:
        """End the answer here; what came is kept. Once: the model's connection is being closed."""
        if self.generation is not None and not self.stopped:
            self.stopped = True
            self.generation.cancel()

    async def follow(self, seen: int) -> AsyncGenerator[tuple[int, BrowserEvent], None]:
        """Yield each event after the first ``seen`` with its number, until the end."""
        while True:
            changed = self._changed
            while seen < len(self.events):
                seen += 1
                yield seen, self.events[seen - 1]
            if self.done:
                return
            await changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


_live: dict[UUID, LiveAnswer] = {}


def start(
    *, answer: Message, question: Question, user: Any, admission: Admission = UNLIMITED
) -> None:
    """Begin to write an answer; must be called in the event loop that serves requests.

    The places of ``admission`` are given back when the model has ended.
    """
    transcript = Transcript(model_id=question.model.id)
    live = _live[answer.pk] = LiveAnswer(answer, question, user, transcript, admission)
    live.generation = asyncio.create_task(_generate_admitted(live), name=f"answer {answer.pk}")
    live.writer = asyncio.create_task(
        _write(live, live.generation), name=f"ending of answer {answer.pk}"
    )
    live.writer.add_done_callback(_log_failure)


def instance_of(answer_id: UUID, *, user: Any, slug: str) -> Instance | None:
    """Return the instance of an answer that this process writes for ``user``, else None.

    Whoever asked a moment ago may follow the answer: the database need not be asked again.
    """
    live = _live.get(answer_id)
    if live is None or live.user != user or live.question.instance.slug != slug:
        return None
    return live.question.instance


async def stop(instance: Instance, answer: Message) -> None:
    """Stop an answer, wherever it is being written."""
    live = _live.get(answer.pk)
    if live is not None:
        live.stop()
    else:
        # Another process writes it, and looks each time it saves.
        streaming = Message.objects.filter(pk=answer.pk, status=Message.Status.STREAMING)
        await in_tenant(instance, streaming.update, stop_requested=True)


async def follow(
    instance: Instance, answer_id: UUID, seen: int, *, cited_only: bool
) -> AsyncGenerator[tuple[int, BrowserEvent], None]:
    """Yield the events of an answer after the first ``seen``, from memory or the database.

    Events read from the database have the number 0: they say all that came, not what is new. Those
    of memory were made for whoever asked; ``cited_only`` (``browser_events``) is for the others.
    """
    live = _live.get(answer_id)
    if live is not None:
        async for numbered in live.follow(seen if seen <= len(live.events) else 0):
            yield numbered
    else:
        async for event in _follow_database(instance, answer_id, cited_only=cited_only):
            yield 0, event


async def _follow_database(
    instance: Instance, answer_id: UUID, *, cited_only: bool
) -> AsyncGenerator[BrowserEvent, None]:
    shown: str | None = None
    while True:
        state = await in_tenant(instance, load_answer, instance, answer_id)
        if state is None:
            return
        if state.message.content != shown:
            shown = state.message.content
            for event in catch_up_events(state, cited_only=cited_only):
                yield event
        if state.message.status != Message.Status.STREAMING:
            for event in ending_events(state, cited_only=cited_only):
                yield event
            return
        await asyncio.sleep(POLL_EVERY_S)


async def _write(live: LiveAnswer, generation: asyncio.Task[None]) -> None:
    """Save what the generation brings, and its ending whatever ends it.

    A task of its own: *stop* cancels the generation, and never this.
    """
    saver = asyncio.create_task(_save_regularly(live), name=f"progress of {live.answer.pk}")
    saver.add_done_callback(_log_failure)
    try:
        await asyncio.wait({generation})
    except asyncio.CancelledError:
        # The process ends.
        generation.cancel()
        await asyncio.wait({generation})
        raise
    finally:
        saver.cancel()
        await _end(live, _answered(live, generation))


async def _generate_admitted(live: LiveAnswer) -> None:
    async with held(live.admission):
        await _generate(live)


async def _generate(live: LiveAnswer) -> None:
    """Run the line of ``chat.answering`` and publish its events."""
    # A member who becomes a guest meanwhile is shown no more of this answer.
    role = Role.GUEST if live.cited_only else Role.MEMBER
    may_read = partial(may_still_enter, live.user.pk, live.question.instance, role=role)
    async with (
        while_allowed(may_read),
        aclosing(answer_question(live.question, live.transcript)) as events,
    ):
        async for event in events:
            if (browser_event := event_for(event, cited_only=live.cited_only)) is not None:
                live.publish(browser_event)


def _answered(live: LiveAnswer, generation: asyncio.Task[None]) -> Answered:
    """Return the end of the answer, from the way in which its generation ended."""
    if generation.cancelled():
        if live.stopped:
            return live.transcript.ending("stopped")
        return live.transcript.ending("failed", INTERRUPTED)
    match generation.exception():
        case None:
            return live.transcript.ending()
        case AccessEnded():
            return live.transcript.ending("failed", ACCESS_ENDED)
        case error:
            logger.error("%s failed", generation.get_name(), exc_info=error)
            return live.transcript.ending("failed", "internal")


async def _end(live: LiveAnswer, answered: Answered) -> None:
    """Save the end of an answer, then tell the followers."""
    instance, transcript = live.question.instance, live.transcript
    finished = FinishedAnswer(
        answer_id=live.answer.pk,
        instance_id=instance.pk,
        user_id=live.user.pk,
        answered=answered,
        search_query=transcript.search_query,
        sources=transcript.chunks,
    )
    try:
        if await save_patiently(finished) is not None:
            state = await patiently(
                partial(
                    in_spite_of_deletions,
                    instance.pk,
                    partial(load_answer, instance, live.answer.pk),
                )
            )
            if state is not None:
                live.publish(*ending_events(state, cited_only=live.cited_only))
    finally:
        live.close()
        asyncio.get_running_loop().call_later(_KEEP_S, _live.pop, live.answer.pk, None)


async def _save_regularly(live: LiveAnswer) -> None:
    """Save what has come, and show that this answer lives, until it is stopped elsewhere."""
    transcript, sources_saved = live.transcript, False
    instance_id, answer_id = live.question.instance.pk, live.answer.pk
    while True:
        if transcript.chunks and not sources_saved:
            save_now = partial(
                save_sources,
                instance_id=instance_id,
                answer_id=answer_id,
                chunks=transcript.chunks,
                search_query=transcript.search_query,
            )
            await patiently(partial(in_spite_of_deletions, instance_id, save_now))
            sources_saved = True
        await asyncio.sleep(SAVE_EVERY_S)
        progress = partial(save_progress, answer_id, transcript.text, transcript.reasoning)
        if not await patiently(partial(in_spite_of_deletions, instance_id, progress)):
            live.stop()
            return


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("%s failed", task.get_name(), exc_info=error)
