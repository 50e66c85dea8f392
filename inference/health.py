"""A circuit breaker for each model of a backend, shared by all processes.

    closed ── FAILURES in a row, or Retry-After ──> open ── after a pause ──> half-open: one probe
      ^                                              ^                            │
      └──────────────── an answer ───────────────────┴──── another failure ───────┘

While it is open, no request is sent. Its state is a value in the shared cache. While the cache does
not answer, every breaker is closed. Failures at the same moment may be counted once.

A backend whose servers are jobs has no breaker: each job has one. It is held back while no job can
be started (``inference.queueing.job_servers``).
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from django.core.cache import cache

from inference.errors import BackendOverloaded, BackendRejected, InferenceError
from inference.llm.backend import ChatBackend
from inference.queueing.job_servers import job_servers

FAILURES = 3
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 300.0
# A model that the backend no longer serves, or a key that it refuses: not before somebody acts.
REFUSED_PAUSE_S = 60.0
# The longest time for which others wait for the probe of one process.
_PROBE_S = 15.0
# How long a failure is remembered, and shown to operators.
_REMEMBERED_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Health:
    """The state of a breaker; times are epochs. ``code`` is of the last failure, "" for none."""

    failures: int = 0
    open_until: float = 0.0
    code: str = ""
    failed_at: float = 0.0

    @property
    def is_open(self) -> bool:
        """Whether requests are held back now."""
        return self.open_until > time.time()


HEALTHY = Health()
_WITHOUT_JOBS = Health(open_until=math.inf)


def health_of(connection: ChatBackend) -> Health:
    """Return the state of a model of a backend; waits for the cache, so not in an event loop."""
    if connection.jobs_of is not None:
        return _WITHOUT_JOBS if job_servers(connection.jobs_of).is_failing else HEALTHY
    health: Health = cache.get(_key(connection), HEALTHY)
    return health


def healths_of(connections: Sequence[ChatBackend]) -> list[Health]:
    """Return the states of many at once; waits for the cache, so not in an event loop."""
    known = cache.get_many([_key(one) for one in connections if one.jobs_of is None])
    return [
        known.get(_key(one), HEALTHY) if one.jobs_of is None else health_of(one)
        for one in connections
    ]


def admit(connection: ChatBackend) -> Health | None:
    """Return the state if a request may be sent (the breaker is closed, or this is the probe)."""
    health = health_of(connection)
    if health.is_open:
        return None
    if health.open_until and not cache.add(f"{_key(connection)}:probe", 1, timeout=_PROBE_S):
        return None
    return health


def succeeded(connection: ChatBackend) -> None:
    """Close the breaker after the first word of an answer."""
    cache.delete(_key(connection))
    cache.delete(f"{_key(connection)}:probe")


def failed(connection: ChatBackend, error: InferenceError) -> None:
    """Count a failure. Requests that the backend rightly refuses do not count."""
    if error.is_fault_of_request or connection.jobs_of is not None:
        return
    now, health = time.time(), health_of(connection)
    health = replace(health, failures=health.failures + 1, code=error.code, failed_at=now)
    pause_s = 0.0
    if isinstance(error, BackendRejected):
        pause_s = REFUSED_PAUSE_S
    elif isinstance(error, BackendOverloaded) and error.retry_after_s:
        pause_s = min(error.retry_after_s, LONGEST_PAUSE_S)
    elif health.failures >= FAILURES:
        pause_s = min(FIRST_PAUSE_S * 2 ** (health.failures - FAILURES), LONGEST_PAUSE_S)
    if pause_s:
        health = replace(health, open_until=now + pause_s)
    cache.set(_key(connection), health, timeout=_REMEMBERED_S)
    cache.delete(f"{_key(connection)}:probe")


def _key(connection: ChatBackend) -> str:
    """Return the key of a model at a backend, as one key of an organisation uses it."""
    parts = "\n".join((connection.base_url, connection.model, connection.api_key))
    return f"inference:health:{sha256(parts.encode()).hexdigest()}"
