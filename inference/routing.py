"""Asks the backends of a model in order until one answers.

A backend whose breaker is open is passed over (``inference.health``). The first one with a free
slot is asked; while there is none, the request waits in their queues (``inference.queueing``).
Before the first word, a failure leads to the next backend; after it, never: readers would see two
answers mixed.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from inference import health
from inference.chat_options import NO_OPTIONS, ChatOptions
from inference.errors import BackendUnavailable, InferenceError, NotCleared
from inference.fair_turns import NOBODY, Asker
from inference.llm.backend import ChatBackend, ChatMessage
from inference.llm.client import stream_chat
from inference.llm.events import ChatEvent, Delta, Finished
from inference.offered_models import ModelFigures, OfferedModel
from inference.queueing.backend_turns import turn_at_backends
from inference.queueing.fair_queue import BackendQueue, Position
from inference.queueing.job_servers import connections_to
from inference.request_metrics import counted, observe_wait
from instances.models import Sensitivity

_Connection = tuple[ModelFigures, ChatBackend]


@dataclass(frozen=True, slots=True)
class Rerouted:
    """Another backend than the first one is asked: the answer is measured by its figures.

    ``error_code`` is that of the last backend asked, "" when none has been asked yet.
    """

    model: ModelFigures
    error_code: str = ""


_Events = AsyncGenerator[ChatEvent | Position | Rerouted, None] | AsyncGenerator[ChatEvent, None]


@dataclass(frozen=True, slots=True)
class _Usable:
    """Those of the backends that may be asked now, each with the state of its breaker."""

    connections: Sequence[_Connection]
    by_queue: dict[BackendQueue, tuple[_Connection, health.Health]] = field(default_factory=dict)
    # When the request entered their queues.
    entered: float = field(default_factory=time.perf_counter)

    def find(self) -> list[BackendQueue]:
        """Return their queues, in the order in which they are preferred; waits for the cache."""
        for each in self.connections:
            state = health.health_of(each[1])
            if not state.is_open:
                self.by_queue[queue_of(each)] = each, state
        return list(self.by_queue)

    async def admit(self, queue: BackendQueue, *, is_known: bool) -> health.Health | None:
        """Return the state of a breaker, ``is_known`` since a moment ago; None if it is open."""
        (figures, connection), state = self.by_queue[queue]
        if not connection.queue_name:
            # A job has a queue of its own behind that of its backend.
            observe_wait(figures, time.perf_counter() - self.entered)
        if is_known and not state.open_until:
            return state
        return await asyncio.to_thread(health.admit, connection)


async def stream_answer(
    model: OfferedModel,
    messages: Sequence[ChatMessage],
    *,
    max_tokens: int,
    temperature: float,
    stop: Sequence[str] = (),
    options: ChatOptions = NO_OPTIONS,
    asker: Asker = NOBODY,
    is_batch: bool = False,
    may_wait: bool = True,
) -> AsyncGenerator[ChatEvent | Position | Rerouted, None]:
    """Yield the events of the answer of the first backend that gives one, as ``stream_chat`` does.

    ``model`` is not extractive. Backends that may not receive the messages are passed over. The
    positions come first if it has to wait; the wait does not count towards the timeouts of
    backends. Raises the error of the last backend asked, NotCleared if no backend may receive the
    messages, BackendUnavailable if all breakers are open, BackendOverloaded if no backend has a
    free slot and the request may not wait.
    """
    ask = partial(_ask, max_tokens=max_tokens, temperature=temperature, stop=stop, options=options)
    error: InferenceError | None = None
    untried = _cleared(model, messages)
    asked, arrived_ms = model.figures, int(1000 * time.time())
    while untried:
        usable = _Usable(untried)
        async with turn_at_backends(
            usable.find, asker, arrived_ms=arrived_ms, is_batch=is_batch, may_wait=may_wait
        ) as turn:
            async with aclosing(turn.positions()) as positions:
                async for position in positions:
                    yield position
            if turn.slot is None:
                break
            chosen = figures, connection = usable.by_queue[turn.slot][0]
            untried = [each for each in untried if each is not chosen]
            state = await usable.admit(turn.slot, is_known=not turn.has_waited)
            if state is None:
                continue
            if figures is not asked:
                yield Rerouted(figures, error.code if error else "")
                asked = figures
            # Another backend is a better retry than the same one.
            attempted = replace(connection, max_retries=0) if untried else connection
            try:
                async with ask(messages, (figures, attempted), asker, is_batch) as (events, note):
                    async for event in events:
                        note(event)
                        if not turn.has_answered and isinstance(event, Delta | Finished):
                            turn.has_answered = True
                            if state != health.HEALTHY:
                                await asyncio.to_thread(health.succeeded, connection)
                        yield event
                    return
            except InferenceError as failure:
                await asyncio.to_thread(health.failed, connection, failure)
                if turn.has_answered or failure.is_fault_of_request:
                    raise
                error = failure
    raise error or BackendUnavailable(f"every backend of {model.id} has failed recently")


@asynccontextmanager
async def _ask(
    messages: Sequence[ChatMessage],
    chosen: _Connection,
    asker: Asker,
    is_batch: bool,
    **request: Any,
) -> AsyncGenerator[tuple[_Events, Callable[[object], None]], None]:
    """Open the events of a backend; of one that jobs serve, those of one of the jobs.

    The reader calls the second value with each event, to count the request: one more generator
    would be one more frame that each token passes.
    """
    figures, connection = chosen
    if connection.jobs_of is None:
        async with (
            counted(figures) as note,
            aclosing(stream_chat(connection, messages, **request)) as events,
        ):
            yield events, note
    else:
        # Each job counts its own requests.
        jobs = _ask_jobs(messages, chosen, asker=asker, is_batch=is_batch, **request)
        async with aclosing(jobs) as rerouted:
            yield rerouted, lambda _event: None


async def _ask_jobs(
    messages: Sequence[ChatMessage], chosen: _Connection, **request: Any
) -> AsyncGenerator[ChatEvent | Position | Rerouted, None]:
    """Yield the events of the first job that gives an answer.

    Each job is to its backend what a backend is to a model: it has a queue and a breaker of its
    own, and replaces another before the first word. Raises what ``stream_answer`` does.
    """
    figures, connection = chosen
    jobs = await asyncio.to_thread(connections_to, connection)
    if not jobs:
        raise BackendUnavailable(f"no job of {figures.backend_name} answers")
    first, *others = [
        OfferedModel(figures=figures, label="", description="", backend=job) for job in jobs
    ]
    model = replace(first, alternatives=tuple(others))
    async with aclosing(stream_answer(model, messages, **request)) as events:
        async for event in events:
            yield event


def _cleared(model: OfferedModel, messages: Sequence[ChatMessage]) -> list[_Connection]:
    """Return the backends that may receive the messages; raises NotCleared if there is none."""
    needed = Sensitivity.highest(message.sensitivity for message in messages)
    cleared = [each for each in model.connections if each[1].clearance.covers(needed)]
    if not cleared:
        message = f"no backend of {model.id} may receive {needed.value} documents"
        raise NotCleared(message, level=needed.value)
    return cleared


def smallest_context_window(model: OfferedModel) -> int | None:
    """Return the smallest context window of the model's backends, None if none is known."""
    windows = [connection.context_window for _figures, connection in model.connections]
    return min(filter(None, windows), default=None)


def queue_of(connection: _Connection) -> BackendQueue:
    """Return the queue of a backend; its models share it."""
    figures, backend = connection
    name = backend.base_url if figures.backend_id is None else str(figures.backend_id)
    return BackendQueue(
        backend.queue_name or name, backend.max_concurrency, backend.queue_weight, backend.jobs_of
    )
