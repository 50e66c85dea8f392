"""Renews the requests of this process at the queues, and learns which were given a slot.

One task an event loop, for as long as it has requests at a queue. A slot that is given is announced
in a list of Valkey, for which the task waits between two renewals.
"""

import asyncio
import logging
from collections import defaultdict
from contextlib import suppress
from typing import Protocol
from uuid import uuid4
from weakref import WeakKeyDictionary

from redis.asyncio import Redis
from redis.exceptions import RedisError

from inference.queueing.fair_queue import (
    HAS_SLOT,
    RENEWED_EVERY_S,
    BackendQueue,
    Position,
    QueuedRequest,
    granted_key,
    leave,
    renew,
)
from web.server.client_queries import uninterrupted
from web.valkey.channels import connected

logger = logging.getLogger(__name__)


# How long the connection is kept without a request.
_KEPT_S = 10.0


class Renewed(Protocol):
    """A request at one or several queues (``inference.queueing.backend_turns``)."""

    request: QueuedRequest

    @property
    def queues(self) -> list[BackendQueue]:
        """Where it holds a slot or waits."""

    @property
    def has_slot(self) -> bool:
        """Whether it waits no longer."""

    def moved(self, queue: BackendQueue, position: Position) -> None:
        """Note a new position."""

    def lost(self) -> None:
        """Note that Valkey cannot be reached."""


class Renewal:
    """The requests of one event loop."""

    def __init__(self) -> None:
        self.process = uuid4().hex
        self._requests: dict[str, Renewed] = {}
        self._task: asyncio.Task[None] | None = None
        self._added = asyncio.Event()

    def add(self, each: Renewed) -> None:
        """Renew a request from now on."""
        self._requests[each.request.id] = each
        self._added.set()
        if self._task is None or self._task.done():
            with uninterrupted():
                self._task = asyncio.create_task(self._run(), name="renewal of queued requests")

    def remove(self, each: Renewed) -> None:
        """Renew it no longer."""
        self._requests.pop(each.request.id, None)

    async def _run(self) -> None:
        """Renew until there has been no request for a while: connecting takes longer than that."""
        while await self._is_needed():
            try:
                async with connected() as server:
                    while await self._is_needed():
                        await self._note_granted(server)
                        await self._renew_all()
            except (RedisError, TimeoutError) as error:
                logger.warning("queues of backends cannot be read: %s", error)
                for each in list(self._requests.values()):
                    each.lost()
                await asyncio.sleep(RENEWED_EVERY_S)

    async def _is_needed(self) -> bool:
        """Wait for a request if there is none; False if none comes."""
        if not self._requests:
            self._added.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(_KEPT_S):
                    await self._added.wait()
        return bool(self._requests)

    async def _note_granted(self, server: Redis) -> None:
        """Note the slots that are given until the next renewal."""
        loop = asyncio.get_running_loop()
        next_s = loop.time() + RENEWED_EVERY_S
        while self._requests and (left_s := next_s - loop.time()) > 0:
            async with asyncio.timeout(2 * RENEWED_EVERY_S):
                popped = await server.blpop([granted_key(self.process)], timeout=left_s)
            if popped is not None:
                _list, announced = popped
                text = announced.decode() if isinstance(announced, bytes) else announced
                request_id, _space, held_key = text.partition(" ")
                if (each := self._requests.get(request_id)) is not None:
                    for queue in each.queues:
                        if queue.keys[0] == held_key:
                            each.moved(queue, HAS_SLOT)

    async def _renew_all(self) -> None:
        by_queue: defaultdict[BackendQueue, list[Renewed]] = defaultdict(list)
        for each in self._requests.values():
            for queue in each.queues:
                by_queue[queue].append(each)
        for queue, requests in by_queue.items():
            sent = [(each.request, each.has_slot) for each in requests]
            positions = await asyncio.to_thread(renew, queue, sent)
            for each, position in zip(requests, positions, strict=True):
                if each.request.id in self._requests and queue in each.queues:
                    each.moved(queue, position)
                else:
                    # It left while it was renewed, which made it enter again.
                    await asyncio.to_thread(leave, queue, each.request.id, has_answered=False)


_renewals: WeakKeyDictionary[asyncio.AbstractEventLoop, Renewal] = WeakKeyDictionary()


def renewal_of_loop() -> Renewal:
    """Return the renewal of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _renewals:
        _renewals[loop] = Renewal()
    return _renewals[loop]
