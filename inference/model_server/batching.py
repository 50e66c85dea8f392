"""Dynamic batching: many small requests become few batches of texts of about the same length.

Each stream of the engine computes one batch at a time, on a thread of its own; when it ends, the
next one is made from what waits, so that no stream waits for another. Questions go first: they wait
at most for a batch that runs, which is why batches are kept short.
Tenants take turns, whatever they have queued: a batch starts from the text of one of them that has
waited longest, and is filled with the texts nearest to it in length (little padding), those of the
same tenant first, up to a budget of padded tokens.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from enum import IntEnum
from time import perf_counter
from typing import Any

logger = logging.getLogger(__name__)

# Padded tokens of all streams at work: 90 ms of two cores for e5-small, and no faster when larger.
BATCH_TOKENS = 1024
# What one stream computes as soon as two would.
PART_TOKENS = 256
# Lengths are padded to a multiple, so that the engine keeps few compiled shapes in memory: those of
# questions to a smaller one, of which a fifth would be padding.
_STEP, _SHORT_STEP, _SHORT_TOKENS = 16, 8, 64
FIRST_RATE_TOKENS_PER_S = 5000.0
MAX_RETRY_AFTER_S = 60


class Priority(IntEnum):
    """Which queue a text waits in; the lowest is served first."""

    QUERY = 0
    PASSAGE = 1
    # What may wait for everything else: documents that are embedded again.
    BATCH = 2


class QueueFull(Exception):
    """The queue has no room; try again after `retry_after_s` seconds."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"the queue is full, retry in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class ModelFailure(Exception):
    """The model could not compute a batch."""


def padded_length(n_tokens: int) -> int:
    """Return the length to which a text of so many tokens is padded."""
    step = _SHORT_STEP if n_tokens <= _SHORT_TOKENS else _STEP
    return math.ceil(n_tokens / step) * step


@dataclass(frozen=True, slots=True)
class Entry:
    """What a model computes for one text: its own payload, and its length in tokens.

    Entries of one batch have the same ``model``.
    """

    payload: Any
    n_tokens: int
    model: str = ""

    @property
    def padded_tokens(self) -> int:
        return padded_length(self.n_tokens)


class _Job:
    """One request: the results that it has so far, and the future that gets them all."""

    def __init__(self, n_entries: int) -> None:
        self.results: list[Any] = [None] * n_entries
        self.n_missing = n_entries
        self.future: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()

    def put(self, index: int, result: Any) -> None:
        self.results[index] = result
        self.n_missing -= 1
        if self.n_missing == 0 and not self.future.done():
            self.future.set_result(self.results)

    def fail(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)


@dataclass(frozen=True, slots=True)
class _Waiting:
    entry: Entry
    job: _Job
    index: int


# The waiting texts of each tenant that has any; tenants in the order of their turns.
_Queue = dict[str, list[_Waiting]]


class Batcher:
    """Queues entries by priority and runs `compute` on one batch after another in each stream.

    `compute` takes the payloads of a batch and returns one result for each, in order; it runs in
    `executor`, in as many threads at once as there are `streams`. Everything else happens on the
    event loop, hence no lock.
    """

    def __init__(
        self,
        compute: Callable[[list[Any]], Sequence[Any]],
        executor: Executor,
        *,
        max_queued: int,
        streams: int = 1,
    ) -> None:
        self._compute = compute
        self._executor = executor
        self._max_queued = max_queued
        self._streams = self._idle = streams
        self._queues: dict[Priority, _Queue] = {priority: {} for priority in Priority}
        self._arrival = asyncio.Event()
        self._tokens_per_s = FIRST_RATE_TOKENS_PER_S

    def queued(self) -> dict[str, int]:
        """Number of texts that wait, by priority."""
        return {priority.name.lower(): len(self._waiting(priority)) for priority in Priority}

    async def submit(
        self, entries: Sequence[Entry], priority: Priority, tenant: str = ""
    ) -> list[Any]:
        """Return the results of `entries`, in order, once their batches have run.

        Entries of one `tenant` wait for one another; tenants take turns.

        Raises QueueFull at once when they do not fit in the queue, ModelFailure when the model
        fails. When the caller is cancelled, what still waits is dropped.
        """
        queue = self._queues[priority]
        if len(self._waiting(priority)) + len(entries) > self._max_queued:
            raise QueueFull(self._retry_after_s(priority))
        job = _Job(len(entries))
        queue.setdefault(tenant, []).extend(
            _Waiting(entry, job, index) for index, entry in enumerate(entries)
        )
        self._arrival.set()
        try:
            return await job.future
        finally:
            if tenant in queue:
                _keep(queue, tenant, lambda waiting: waiting.job is not job)

    async def run(self) -> None:
        """Serve the queues until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _stream in range(self._streams):
                group.create_task(self._serve())

    async def _serve(self) -> None:
        """Compute one batch after another in a stream."""
        while True:
            await self._arrival.wait()
            batch = self._take_batch()
            if not batch:
                self._arrival.clear()
                continue
            self._idle -= 1
            try:
                await self._run_batch(batch)
            finally:
                self._idle += 1

    async def _run_batch(self, batch: list[_Waiting]) -> None:
        start = perf_counter()
        payloads = [waiting.entry.payload for waiting in batch]
        loop = asyncio.get_running_loop()
        try:
            results = await loop.run_in_executor(self._executor, self._compute, payloads)
            computed = list(zip(batch, results, strict=True))
        except Exception as error:
            logger.exception("a batch of %d texts failed", len(batch))
            if len(batch) > 1:
                # One text may be the cause: the others are computed without it.
                for waiting in batch:
                    await self._run_batch([waiting])
            else:
                batch[0].job.fail(ModelFailure(f"{type(error).__name__}: {error}"))
            return
        for waiting, result in computed:
            waiting.job.put(waiting.index, result)
        n_tokens = sum(waiting.entry.n_tokens for waiting in batch)
        rate = self._streams * n_tokens / max(perf_counter() - start, 1e-6)
        self._tokens_per_s += 0.1 * (rate - self._tokens_per_s)

    def _take_batch(self) -> list[_Waiting]:
        """Remove the next batch from the first queue that has something: the oldest entry of the
        tenant whose turn it is, and what goes well with it."""
        queue = next((queue for queue in self._queues.values() if queue), None)
        if queue is None:
            return []
        tenant = next(iter(queue))
        own = queue.pop(tenant)
        oldest = own[0].entry
        others = [waiting for of_tenant in queue.values() for waiting in of_tenant]
        # Its turn has come: it goes behind the others.
        queue[tenant] = own
        fitting = [*_by_distance(own, oldest), *_by_distance(others, oldest)]
        batch = _fitting(fitting, self._budget(fitting))
        taken = set(map(id, batch))
        for name in list(queue):
            _keep(queue, name, lambda waiting: id(waiting) not in taken)
        return batch

    def _budget(self, fitting: Sequence[_Waiting]) -> int:
        """Return the padded tokens of the next batch: what waits is shared by the idle streams."""
        waiting = sum(each.entry.padded_tokens for each in fitting)
        share = math.ceil(waiting / max(self._idle, 1))
        return max(PART_TOKENS, min(share, BATCH_TOKENS // self._streams))

    def _waiting(self, priority: Priority) -> list[_Waiting]:
        return [waiting for of_tenant in self._queues[priority].values() for waiting in of_tenant]

    def _retry_after_s(self, priority: Priority) -> int:
        """Return whole seconds until half of the queue is served, at the recent rate."""
        n_tokens = sum(waiting.entry.n_tokens for waiting in self._waiting(priority))
        return min(MAX_RETRY_AFTER_S, math.ceil(n_tokens / 2 / self._tokens_per_s) or 1)


def _by_distance(waiting: list[_Waiting], oldest: Entry) -> list[_Waiting]:
    """Those of the same model, the nearest in length first; equal ones in order of arrival."""
    fitting = (each for each in waiting if each.entry.model == oldest.model)
    return sorted(fitting, key=lambda each: abs(each.entry.n_tokens - oldest.n_tokens))


def _fitting(candidates: list[_Waiting], budget: int) -> list[_Waiting]:
    """The first candidates that fit in the budget of padded tokens; at least one."""
    batch: list[_Waiting] = []
    longest = 0
    for waiting in candidates:
        longest = max(longest, waiting.entry.padded_tokens)
        if batch and longest * (len(batch) + 1) > budget:
            break
        batch.append(waiting)
    return batch


def _keep(queue: _Queue, tenant: str, wanted: Callable[[_Waiting], bool]) -> None:
    """Remove the unwanted entries of a tenant, and the tenant when none is left."""
    kept = [waiting for waiting in queue[tenant] if wanted(waiting)]
    if kept:
        queue[tenant] = kept
    else:
        del queue[tenant]
