"""Waits until one of several backends has a free slot, and holds the slot.

A request enters the queue of each backend, in the order in which they are preferred, and leaves the
others when one gives it a slot: it overflows to the next backend while the first one is busy. While
Valkey cannot be reached, each web process gives turns by itself (``inference.fair_turns``).
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from django.conf import settings
from redis.exceptions import RedisError

from inference.errors import NoFreeSlot
from inference.fair_turns import Asker, turns_at
from inference.queueing.fair_queue import (
    HAS_SLOT,
    BackendQueue,
    Position,
    QueuedRequest,
    enter,
    leave,
)
from inference.queueing.renewal import Renewal, renewal_of_loop

logger = logging.getLogger(__name__)


@asynccontextmanager
async def turn_at_backends(
    find_queues: Callable[[], Sequence[BackendQueue]],
    asker: Asker,
    *,
    arrived_ms: int,
    is_batch: bool,
    may_wait: bool,
) -> AsyncIterator["BackendTurn"]:
    """Hold the slot for which ``positions`` of the turn waits inside the block.

    ``find_queues`` returns the queues in the order in which they are preferred; it may wait for the
    cache. Without any, the turn gets no slot.
    """
    renewal = renewal_of_loop()
    request = QueuedRequest(
        id=uuid4().hex,
        process=renewal.process,
        organisation_id=asker.organisation_id,
        instance_id=asker.instance_id,
        person=asker.person,
        is_batch=is_batch,
        arrived_ms=arrived_ms,
    )
    turn = BackendTurn(request, asker, find_queues, may_wait)
    async with turn.local_slot:
        try:
            yield turn
        finally:
            renewal.remove(turn)
            await asyncio.shield(turn.leave())


@dataclass(eq=False)
class BackendTurn:
    """A request at the queues of some backends; ``slot`` is the one that gave it a slot."""

    request: QueuedRequest
    asker: Asker
    find_queues: Callable[[], Sequence[BackendQueue]]
    may_wait: bool
    slot: BackendQueue | None = None
    # Whether the backend has begun to answer, so that the time of the slot counts.
    has_answered: bool = False
    # Whether it had no slot at once.
    has_waited: bool = False
    local_slot: AsyncExitStack = field(default_factory=AsyncExitStack)
    _wanted: list[BackendQueue] = field(default_factory=list)
    _entered: dict[BackendQueue, Position] = field(default_factory=dict)
    _is_lost: bool = False
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def queues(self) -> list[BackendQueue]:
        """Where it holds a slot or waits."""
        return list(self._entered) if self.slot is None else [self.slot]

    @property
    def has_slot(self) -> bool:
        """Whether it waits no longer."""
        return self.slot is not None

    def moved(self, queue: BackendQueue, position: Position) -> None:
        """Note a new position; the first slot that is given is kept."""
        if self.slot is None:
            self._entered[queue] = position
            if position == HAS_SLOT:
                self.slot = queue
            self._changed.set()

    def lost(self) -> None:
        """Note that Valkey cannot be reached; a slot is kept."""
        self._is_lost = True
        self._changed.set()

    async def positions(self) -> AsyncGenerator[Position, None]:
        """Yield the position each time it changes, until it has a slot; none if it need not wait.

        Raises BackendOverloaded if there is no free slot and it may not wait.
        """
        shown = None
        try:
            await self._enter(renewal_of_loop())
            self.has_waited = self.slot is None
            while self._entered and self.slot is None and not self._is_lost:
                best = min(self._entered.values(), key=lambda each: (each.wait_s or 0, each.place))
                if best != shown:
                    yield best
                    shown = best
                await self._changed.wait()
                self._changed.clear()
            await self.leave(but=self.slot)
        except RedisError as error:
            if settings.CACHE_URL:
                logger.warning("this process gives turns at backends by itself: %s", error)
            self._is_lost = True
        if self.slot is None and self._wanted:
            await self._take_local_slot()
        if shown is not None:
            yield HAS_SLOT

    async def _enter(self, renewal: Renewal) -> None:
        """Enter the queues in order, until one gives a slot."""
        entered: list[tuple[BackendQueue, Position]] = []
        try:
            await asyncio.to_thread(self._enter_each, entered)
        finally:
            for queue, position in entered:
                self.moved(queue, position)
            if entered:
                renewal.add(self)
        if self._wanted and not self._entered:
            raise NoFreeSlot("no backend has a free slot")

    def _enter_each(self, entered: list[tuple[BackendQueue, Position]]) -> None:
        """Enter the queues in the thread that has found them, as each thread is waited for."""
        self._wanted += self.find_queues()
        for queue in self._wanted:
            position = enter(queue, self.request, may_wait=self.may_wait)
            if position is not None:
                entered.append((queue, position))
            if position == HAS_SLOT:
                return

    async def _take_local_slot(self) -> None:
        """Take a slot of this process's share of the first backend."""
        renewal_of_loop().remove(self)
        self.has_waited = True
        queue = self._wanted[0]
        places = max(1, queue.capacity // settings.WEB_PROCESSES)
        turn = turns_at(f"chat {queue.name}", places=places).turn(self.asker)
        await self.local_slot.enter_async_context(turn)
        self.slot = queue

    async def leave(self, *, but: BackendQueue | None = None) -> None:
        """Leave the queues, or all but one."""
        for queue in [each for each in self._entered if each != but]:
            del self._entered[queue]
            has_answered = self.has_answered and queue == self.slot
            try:
                await asyncio.to_thread(leave, queue, self.request.id, has_answered=has_answered)
            except RedisError as error:
                logger.warning("a slot of %s expires by itself: %s", queue.name, error)
