"""The queue of each backend in Valkey: enter, renew, leave.

All functions wait for Valkey, so they are called in a thread, and raise RedisError while it cannot
be reached, or when there is none.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from redis import Redis
from redis.exceptions import ConnectionError as NotConnected

from inference.queueing import scripts
from inference.queueing.job_servers import job_servers
from web.valkey.scripts import run_script

# How long the slots of a killed process stay taken, and how often those of a live one are renewed.
LEASE_MS = 5_000
RENEWED_EVERY_S = 1.0
# A wait is told in steps, as it is an estimate.
_STEP_S, _LONG_S, _LONG_STEP_S = 5, 60, 60
_NOT_ADMITTED = -1


@dataclass(frozen=True, slots=True)
class BackendQueue:
    """The queue of a backend that gives ``capacity`` answers at a time.

    ``weight`` is that of the asking organisation in it: how many turns it has for one of another.
    With ``jobs_of``, ``capacity`` is that of each of the jobs that serve the backend now.
    """

    name: str
    capacity: int
    weight: int = 1
    jobs_of: int | None = None

    @property
    def keys(self) -> list[str]:
        """The keys of its state in Valkey, in the order in which the scripts take them."""
        parts = ("held", "waiting", "requests", "clock", "figures")
        return [f"ragapp:queue:{{{self.name}}}:{part}" for part in parts]

    def slots(self) -> "Slots":
        """Return how many requests may hold a slot now; of jobs, waits for the cache."""
        if self.jobs_of is None:
            return Slots(self.capacity)
        jobs = job_servers(self.jobs_of)
        return Slots(jobs.slots(self.capacity), jobs.starts_in_s)


@dataclass(frozen=True, slots=True)
class Slots:
    """The slots of a backend; while there is none, the first is expected in ``starts_in_s``."""

    count: int
    starts_in_s: int | None = None

    def wait_s(self, place: int, hold_ms: int) -> int | None:
        """Return the seconds until ``place`` slots have become free; None if it is not known."""
        if not self.count:
            return self.starts_in_s and math.ceil(self.starts_in_s / _LONG_STEP_S) * _LONG_STEP_S
        if not hold_ms:
            return None
        seconds = place * hold_ms / 1000 / self.count
        step = _LONG_STEP_S if seconds > _LONG_S else _STEP_S
        return max(1, math.ceil(seconds / step)) * step

    def position(self, place: int, hold_ms: int) -> "Position":
        """Return a position of which the scripts gave the place."""
        if not place:
            return HAS_SLOT
        return Position(place, self.wait_s(place, hold_ms), is_starting=not self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedRequest:
    """A request at a queue. ``process`` renews it; ``arrived_ms`` is an epoch."""

    id: str
    process: str
    organisation_id: int
    instance_id: int
    person: str
    is_batch: bool
    arrived_ms: int

    def as_json(self, queue: BackendQueue, *, has_slot: bool = False) -> str:
        """Return what the scripts of a queue read."""
        request = {
            "id": self.id,
            "process": self.process,
            "organisation": self.organisation_id,
            "instance": self.instance_id,
            "person": self.person,
            "class": "batch" if self.is_batch else "interactive",
            "weight": queue.weight,
            "arrived": self.arrived_ms,
            "granted": int(has_slot),
        }
        return json.dumps(request)


@dataclass(frozen=True, slots=True)
class Position:
    """The place of a request in a queue, from 1; 0 when it holds a slot.

    ``wait_s`` is the expected wait, rounded up; None while no answer has been timed. With
    ``is_starting``, no server answers yet, and it is the time until one does.
    """

    place: int
    wait_s: int | None = None
    is_starting: bool = False


HAS_SLOT = Position(0)


def server_of_queues() -> Redis:
    """Return the client of Valkey; raises NotConnected without ``CACHE_URL``."""
    client = getattr(cache, "client", None)
    if client is None:
        raise NotConnected("there is no CACHE_URL")
    server: Redis = client()
    return server


def granted_key(process: str) -> str:
    """Return the key of the list of the requests of a process that were given a slot."""
    return f"ragapp:queue:granted:{process}"


def enter(queue: BackendQueue, request: QueuedRequest, *, may_wait: bool) -> Position | None:
    """Take a slot, or a place in the queue; None if there is no free slot and it may not wait."""
    slots = queue.slots()
    place, hold_ms = _run(scripts.ENTER, queue, slots, request.as_json(queue), int(may_wait))
    return None if place == _NOT_ADMITTED else slots.position(place, hold_ms)


def renew(queue: BackendQueue, requests: Sequence[tuple[QueuedRequest, bool]]) -> list[Position]:
    """Renew the leases of requests, each with whether it holds a slot, and return their places."""
    slots = queue.slots()
    arguments = [request.as_json(queue, has_slot=has_slot) for request, has_slot in requests]
    hold_ms, *places = _run(scripts.RENEW, queue, slots, *arguments)
    return [slots.position(place, hold_ms) for place in places]


def leave(queue: BackendQueue, request_id: str, *, has_answered: bool) -> None:
    """Give the slot or the place back; the time of a slot counts if the backend has answered."""
    _run(scripts.LEAVE, queue, queue.slots(), request_id, int(has_answered))


def _run(script: str, queue: BackendQueue, slots: Slots, *arguments: str | int) -> Any:
    server = server_of_queues()
    return run_script(server, script, queue.keys, slots.count, LEASE_MS, *arguments)
