"""Runs answers: each is a task of this process, independent of the browser.

``RunningAnswer`` runs the line (``chat.answering``), adds up its events, converts them for the
client (a browser or a client of the API), saves the text every few seconds, and saves the final
result with its cost, whatever ended the answer. An answer continues when its page is closed. It
ends early when it is stopped, or when the person or the key loses access (``access_checks``).
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from time import perf_counter
from uuid import UUID

from chat.answer_trace import AnswerTrace
from chat.answering import Question, answer_question
from chat.answers.access_checks import ACCESS_ENDED, AccessEnded, while_allowed
from chat.answers.browser_events import ending_events, event_for
from chat.answers.error_messages import INTERNAL, SHUT_DOWN
from chat.answers.events import AnswerEvent
from chat.answers.persistence import (
    FinishedAnswer,
    StoredAnswer,
    record_progress_of,
    record_search_of,
    save_passages,
    save_progress,
)
from chat.answers.result import AnswerResult
from chat.answers.saving import save_patiently, save_progress_patiently
from chat.models import Message
from chat.relaying import ask_to_stop, listen
from inference.offered_models import EXTRACTS, OfferedModel
from instances.access.gates import may_still_enter
from instances.models import Instance, Role
from instances.tenancy import in_tenant
from people.models import User
from retrieval.search import SearchResult
from usage.admission import UNLIMITED, Admission, held
from usage.models import AnswerStatus
from usage.request_costs import RequestCost
from web.server.client_queries import uninterrupted
from web.server_sent_events import ServerSentEvent

logger = logging.getLogger(__name__)

SAVE_EVERY_S = 1.0
# All answers of a process are saved ten times a second in all, each at least every three seconds.
_SAVES_A_SECOND, _LONGEST_PAUSE = 10, 3
# A page that is reloaded just after the end still receives the events.
_KEEP_S = 5.0


@dataclass(eq=False, kw_only=True)
class RunningAnswer:
    """An answer with its events in order, for any number of followers."""

    answer_id: UUID
    question: Question
    user_id: int | None
    api_key_id: int | None = None
    conversation_id: UUID | None = None
    admission: Admission = UNLIMITED
    # Queries the database: whether the person or the key still has access.
    may_continue: Callable[[], bool]
    convert: Callable[[AnswerEvent], ServerSentEvent | None]
    # Returns the last events of a message, once its end is saved.
    convert_ending: Callable[[AnswerResult, RequestCost], list[ServerSentEvent]] = (
        lambda _result, _cost: []
    )
    # Whether the answer is a message of a conversation, which is saved while it grows.
    is_message: bool = True
    result: AnswerResult = field(init=False)
    cost: RequestCost | None = None
    events: list[ServerSentEvent] = field(default_factory=list)
    done: bool = False
    stopped: bool = False
    generation: asyncio.Task[None] = field(init=False)
    writer: asyncio.Task[None] = field(init=False)
    trace: AnswerTrace = field(init=False)
    _saved: SearchResult | None = None
    _started: float = field(default_factory=perf_counter)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.result = AnswerResult.empty(
            self.question.model.figures,
            frugal_step=self.question.frugal_step,
            embedding_model=self.question.instance.embedding_model_name,
        )
        self.trace = AnswerTrace(self.question, self.conversation_id)

    def start(self) -> None:
        """Start the tasks; must be called in the event loop that serves requests.

        The places of ``admission`` are released when the model has ended.
        """
        _running[self.answer_id] = self
        self.generation = asyncio.create_task(self._generate(), name=f"answer {self.answer_id}")
        with uninterrupted():
            self.writer = asyncio.create_task(self._save(), name=f"saving of {self.answer_id}")
        self.writer.add_done_callback(_log_failure)

    def stop(self) -> None:
        """End the answer; its text is kept. Only the first call has an effect."""
        if not self.stopped:
            self.stopped = True
            self.generation.cancel()

    async def stop_and_wait(self) -> None:
        """Stop the answer unless it has ended, and wait until it is saved."""
        self.stop()
        await self.ended()

    async def wait_for_first_words(self, *, or_queue: bool) -> None:
        """Wait until the answer has words, has ended and is saved, or waits in a queue."""
        while self.result.first_token_ms is None and not self.done:
            if or_queue and self.result.is_queued:
                break
            await self._changed.wait()

    async def events_after(self, seen: int) -> list[ServerSentEvent]:
        """Wait for the events after the first ``seen``; none is left when the answer is done."""
        while len(self.events) <= seen and not self.done:
            await self._changed.wait()
        return self.events[seen:]

    async def ended(self) -> None:
        """Wait until the end is saved."""
        await asyncio.wait({self.writer})

    async def _generate(self) -> None:
        async with (
            held(self.admission),
            while_allowed(self.may_continue),
            aclosing(answer_question(self.question)) as events,
        ):
            async for event in events:
                self.result = self.result.add(event, elapsed_ms=self._elapsed_ms())
                self.trace.add(event)
                if (converted := self.convert(event)) is not None:
                    self._publish(converted)

    async def _save(self) -> None:
        """Save the text as it grows, then the final result, whatever ended the generation.

        This is a task of its own, which ``stop`` does not cancel.
        """
        saver = asyncio.create_task(self._save_regularly(), name=f"progress of {self.answer_id}")
        saver.add_done_callback(_log_failure)
        try:
            await asyncio.wait({self.generation})
        except asyncio.CancelledError:
            # The process ends.
            self.generation.cancel()
            await asyncio.wait({self.generation})
            raise
        finally:
            saver.cancel()
            self.result = self._final_result()
            await self._save_ending()

    async def _save_regularly(self) -> None:
        """Save what there is regularly, until another process stops the answer."""
        save = self._save_progress if self.is_message else self._record_progress
        # The row of a message, or a usage record, already says that it is under way.
        await asyncio.sleep(_pause_between_saves_s())
        while await save_progress_patiently(self.question.instance.pk, save):
            await asyncio.sleep(_pause_between_saves_s())
        self.stop()

    def _save_progress(self) -> bool:
        result = replace(self.result, total_ms=self._elapsed_ms())
        if not save_progress(self.question.instance.pk, self.answer_id, result):
            return False
        if result.found is not self._saved:
            save_passages(self.question.instance.pk, self.answer_id, result)
            record_search_of(self._with_requester(result))
            self._saved = result.found
        return True

    def _record_progress(self) -> bool:
        total_ms = self._elapsed_ms()
        result = replace(self.result, status=AnswerStatus.FAILED, total_ms=total_ms)
        if result.found is not self._saved:
            record_search_of(self._with_requester(result))
            self._saved = result.found
        return record_progress_of(self._with_requester(result))

    def _final_result(self) -> AnswerResult:
        """Return the final result, depending on how the generation ended."""
        end = partial(self.result.end, elapsed_ms=self._elapsed_ms())
        if self.generation.cancelled():
            if self.stopped:
                return end(AnswerStatus.STOPPED)
            return end(AnswerStatus.FAILED, SHUT_DOWN)
        match self.generation.exception():
            case None:
                return end(AnswerStatus.STOPPED)
            case AccessEnded():
                return end(AnswerStatus.FAILED, ACCESS_ENDED)
            case error:
                logger.error("%s failed", self.generation.get_name(), exc_info=error)
                return end(AnswerStatus.FAILED, INTERNAL)

    async def _save_ending(self) -> None:
        """Save the final result, then publish the last events."""
        try:
            saved = await save_patiently(self._with_requester(self.result))
            if saved is not None:
                self.cost = saved.cost
                if saved.has_message:
                    self._publish(*self.convert_ending(self.result, saved.cost))
        finally:
            self.done = True
            self._wake_followers()
            self.trace.send(self.answer_id, self.result, self.cost)
            asyncio.get_running_loop().call_later(_KEEP_S, _running.pop, self.answer_id, None)

    def _with_requester(self, result: AnswerResult) -> FinishedAnswer:
        return FinishedAnswer(
            answer_id=self.answer_id,
            instance_id=self.question.instance.pk,
            user_id=self.user_id,
            api_key_id=self.api_key_id,
            result=result,
        )

    def _publish(self, *events: ServerSentEvent) -> None:
        for event in events:
            self.events.append(replace(event, id=str(len(self.events) + 1)))
        self._wake_followers()

    def _wake_followers(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _elapsed_ms(self) -> float:
        return 1000 * (perf_counter() - self._started)


_running: dict[UUID, RunningAnswer] = {}


def start(
    *, answer: Message, question: Question, user: User, admission: Admission = UNLIMITED
) -> None:
    """Start to answer a question of a browser."""
    listen(find_running)
    cited_only = not question.may_read_documents
    # The answer ends for a member who becomes a guest meanwhile.
    role = Role.GUEST if cited_only else Role.MEMBER
    RunningAnswer(
        answer_id=answer.pk,
        question=question,
        user_id=user.pk,
        conversation_id=answer.conversation_id,
        admission=admission,
        may_continue=partial(may_still_enter, user.pk, question.instance, role=role),
        convert=partial(event_for, cited_only=cited_only),
        convert_ending=partial(_convert_ending, model=question.model, cited_only=cited_only),
    ).start()


async def stop(instance: Instance, answer: Message) -> None:
    """Stop an answer, whichever process runs it."""
    running = _running.get(answer.pk)
    if running is not None:
        running.stop()
    else:
        # Its process also checks each time it saves, in case it cannot be asked.
        streaming = Message.objects.filter(pk=answer.pk, status=AnswerStatus.STREAMING)
        await in_tenant(instance, streaming.update, stop_requested=True)
        await ask_to_stop(answer.pk)


def find_running(answer_id: UUID) -> RunningAnswer | None:
    """Return an answer that runs in this process, or ended some seconds ago."""
    return _running.get(answer_id)


def _pause_between_saves_s() -> float:
    n_answers = sum(not answer.done for answer in _running.values())
    return SAVE_EVERY_S * min(max(1.0, n_answers / _SAVES_A_SECOND), _LONGEST_PAUSE)


def _convert_ending(
    result: AnswerResult, cost: RequestCost, *, model: OfferedModel, cited_only: bool
) -> list[ServerSentEvent]:
    ended = StoredAnswer.of_result(result, cost)
    names = {one.id: str(one.label) for one in (model, EXTRACTS)}
    return ending_events(ended, names, cited_only=cited_only)


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("%s failed", task.get_name(), exc_info=error)
