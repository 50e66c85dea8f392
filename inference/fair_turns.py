"""Turns at something scarce, in one event loop: round the instances, then round their people.

A free place goes to the waiting instance that holds the fewest places, and among equals to the one
that has waited longest since its last turn; inside the instance, to a person by the same rule; and
to a person's requests in the order in which they came. Whoever sends two hundred requests thereby
delays others by the work under way, not by the two hundred.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from weakref import WeakKeyDictionary


@dataclass(frozen=True, slots=True)
class Asker:
    """For whom something is done: an instance, and a person (or a key without a person) in it.

    The organisation is that of the instance; it counts at backends (``inference.queueing``).
    """

    instance_id: int = 0
    person: str = ""
    organisation_id: int = 0


NOBODY = Asker()

_Requests = deque[asyncio.Future[None]]


class FairTurns:
    """``places`` places at once. Belongs to one event loop, hence no lock."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._held: Counter[int | Asker] = Counter()
        # Number of the last turn, kept for as long as anybody waits.
        self._last_turn: dict[int | Asker, int] = {}
        self._numbers = count(1)
        self._waiting: dict[int, dict[Asker, _Requests]] = {}

    @property
    def waiting(self) -> int:
        """Number of requests that wait."""
        return sum(
            len(requests) for people in self._waiting.values() for requests in people.values()
        )

    @asynccontextmanager
    async def turn(self, asker: Asker) -> AsyncIterator[None]:
        """Wait for a place and hold it inside the block; a cancelled wait leaves no trace."""
        await self._enter(asker)
        try:
            yield
        finally:
            self._leave(asker)

    async def _enter(self, asker: Asker) -> None:
        if self._free:
            self._hold(asker)
            return
        request: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        people = self._waiting.setdefault(asker.instance_id, {})
        people.setdefault(asker, deque()).append(request)
        try:
            await request
        except asyncio.CancelledError:
            if request.cancelled():
                self._forget(asker, request)
            else:
                # The place was given in the very moment of the cancellation.
                self._leave(asker)
            raise

    def _leave(self, asker: Asker) -> None:
        self._free += 1
        for holder in (asker.instance_id, asker):
            self._held[holder] -= 1
            if not self._held[holder]:
                del self._held[holder]
        while self._free and self._waiting:
            self._give_next()
        if not self._waiting:
            self._last_turn.clear()

    def _hold(self, asker: Asker) -> None:
        self._free -= 1
        for holder in (asker.instance_id, asker):
            self._held[holder] += 1
            self._last_turn[holder] = next(self._numbers)

    def _rank(self, holder: int | Asker) -> tuple[int, int]:
        """The lowest is next; of equal ones, the first in ``_waiting``."""
        return self._held[holder], self._last_turn.get(holder, 0)

    def _give_next(self) -> None:
        """Give a place to the request whose turn it is; drop the request if it was cancelled."""
        instance_id = min(self._waiting, key=self._rank)
        people = self._waiting[instance_id]
        asker = min(people, key=self._rank)
        request = people[asker].popleft()
        if not people[asker]:
            del people[asker]
        if not people:
            del self._waiting[instance_id]
        if not request.done():
            self._hold(asker)
            request.set_result(None)

    def _forget(self, asker: Asker, request: asyncio.Future[None]) -> None:
        people = self._waiting.get(asker.instance_id, {})
        requests = people.get(asker)
        if requests is None or request not in requests:
            return
        requests.remove(request)
        if not requests:
            del people[asker]
        if not people:
            del self._waiting[asker.instance_id]


# By what is scarce, and by its number of places.
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, int], FairTurns]] = (
    WeakKeyDictionary()
)


def turns_at(what: str, *, places: int) -> FairTurns:
    """The turns at ``what`` in the running event loop; another number of places has its own."""
    of_loop = _turns.setdefault(asyncio.get_running_loop(), {})
    if (what, places) not in of_loop:
        of_loop[what, places] = FairTurns(places)
    return of_loop[what, places]
