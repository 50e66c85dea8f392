"""Counters shared by all web processes: a maximum number of simultaneous entries by name.

An entry is a member of a sorted set of Valkey, with its expiry time as score, so that the entries
of a killed process expire. Entries of work under way are renewed and removed at its end; entries of
events (the questions of the last minute) expire. All limits of a request are checked and taken in
one script, by the clock of the server.

Without ``CACHE_URL``, and while the cache does not answer, each process counts for itself: requests
are not refused because the cache is unavailable, and each process still applies the limits.
"""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.cache import cache
from redis.exceptions import RedisError

from web.valkey.scripts import run_script

logger = logging.getLogger(__name__)

_PREFIX = "ragapp:places:"
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for index, key in ipairs(KEYS) do
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  if redis.call('ZCARD', key) >= tonumber(ARGV[2 * index]) then
    local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    return {index, math.ceil((first[2] or now) - now)}
  end
end
for index, key in ipairs(KEYS) do
  redis.call('ZADD', key, now + ARGV[2 * index + 1], ARGV[1])
  redis.call('PEXPIRE', key, ARGV[2 * index + 1])
end
return {0, 0}
"""
_RENEW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for index, key in ipairs(KEYS) do
  redis.call('ZADD', key, now + ARGV[index + 1], ARGV[1])
  redis.call('PEXPIRE', key, ARGV[index + 1])
end
"""
_RELEASE = """
for _, key in ipairs(KEYS) do
  redis.call('ZREM', key, ARGV[1])
end
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``capacity`` simultaneous entries of ``name``, which expire by themselves."""

    name: str
    capacity: int
    lifetime_s: float


@dataclass(frozen=True, slots=True)
class Full:
    """The limit that is reached, and the seconds until its first entry expires."""

    limit: Limit
    first_ends_in_s: float


def take(entry: str, limits: Sequence[Limit]) -> Full | None:
    """Take a place under every limit and return None; if one is full, take none and return it."""
    if (server := _server()) is not None:
        arguments = [value for each in limits for value in (each.capacity, _ms(each))]
        try:
            number, wait_ms = run_script(server, _TAKE, _keys(limits), entry, *arguments)
        except RedisError as error:
            logger.warning("places are counted in this process: %s", error)
        else:
            return Full(limits[number - 1], wait_ms / 1000) if number else None
    return _local.take(entry, limits)


def renew(entry: str, limits: Sequence[Limit]) -> None:
    """Renew the places for another lifetime; one that the cache has lost is taken again."""
    if (server := _server()) is not None:
        try:
            run_script(server, _RENEW, _keys(limits), entry, *map(_ms, limits))
        except RedisError as error:
            logger.warning("places were not renewed: %s", error)
        else:
            return
    _local.renew(entry, limits)


def release(entry: str, limits: Sequence[Limit]) -> None:
    """Release the places."""
    _local.release(entry, limits)
    if (server := _server()) is not None:
        try:
            run_script(server, _RELEASE, _keys(limits), entry)
        except RedisError as error:
            logger.warning("places will expire by themselves: %s", error)


def _server() -> Any:
    """Return the client of the cache server; None if the cache is in the memory of the process."""
    client = getattr(cache, "client", None)
    return client() if client else None


def _keys(limits: Sequence[Limit]) -> list[str]:
    return [_PREFIX + limit.name for limit in limits]


def _ms(limit: Limit) -> int:
    return int(1000 * limit.lifetime_s)


@dataclass
class _LocalPlaces:
    """Places in the memory of one process: the expiry time of each entry, by name."""

    _ends: dict[str, dict[str, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, entry: str, limits: Sequence[Limit]) -> Full | None:
        now = time.monotonic()
        with self._lock:
            for limit in limits:
                present = self._present(limit.name, now)
                if len(present) >= limit.capacity:
                    return Full(limit, min(present.values(), default=now) - now)
            for limit in limits:
                self._ends.setdefault(limit.name, {})[entry] = now + limit.lifetime_s
        return None

    def renew(self, entry: str, limits: Sequence[Limit]) -> None:
        now = time.monotonic()
        with self._lock:
            for limit in limits:
                self._ends.setdefault(limit.name, {})[entry] = now + limit.lifetime_s

    def release(self, entry: str, limits: Sequence[Limit]) -> None:
        with self._lock:
            for limit in limits:
                if (entries := self._ends.get(limit.name)) is not None:
                    entries.pop(entry, None)
                    if not entries:
                        del self._ends[limit.name]

    def _present(self, name: str, now: float) -> dict[str, float]:
        """Remove expired entries; return the others."""
        present = {entry: end for entry, end in self._ends.get(name, {}).items() if end > now}
        if present:
            self._ends[name] = present
        else:
            self._ends.pop(name, None)
        return present


_local = _LocalPlaces()
