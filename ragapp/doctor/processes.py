"""Valkey, the workers of each queue and what waits for them, and beat."""

import json
import time
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.cache import cache
from kombu.transport.redis import Channel

from ragapp.celery import SENT_AT, app
from ragapp.doctor.findings import Finding, failed, ok, warning
from ragapp.health.gauges import all_queues, queue_lengths
from ragapp.health.readiness import TIMEOUT_S
from ragapp.tasks import BEAT_HEARD

_REPLY_S = 2.0
_KEY = "doctor"
# A long document may keep every parser busy for that long.
_OLD_TASK_S = 900.0
_WITHOUT_WORKER = "Start a worker with -Q {queue} (docs/operations.md, Processes)."


def shared_cache() -> Iterator[Finding]:
    """Write and read a value in the cache of all processes."""
    part = "cache"
    if not settings.CACHE_URL:
        yield warning(
            part, "each process has its own", "Set CACHE_URL: limits and queues are then shared."
        )
        return
    # The cache itself takes a server that is away for an empty one.
    value = time.time()
    cache.set(_KEY, value, timeout=60)
    if cache.get(_KEY) == value:
        yield ok(part, "Valkey answers")
    else:
        yield failed(part, "Valkey does not answer at CACHE_URL", "Start it, or correct CACHE_URL.")


def workers() -> Iterator[Finding]:
    """Examine the workers of each queue, and the oldest task that waits in it."""
    with app.connection_for_read() as broker:
        broker.ensure_connection(max_retries=1, timeout=TIMEOUT_S)
        replies = app.control.inspect(timeout=_REPLY_S, connection=broker).active_queues() or {}
        ages_s = {queue: _age_s(broker.default_channel, queue) for queue in all_queues()}
    lengths = queue_lengths()
    for queue in all_queues():
        names = sorted(
            name for name, served in replies.items() if queue in {each["name"] for each in served}
        )
        yield _of_queue(queue, names, lengths.get(queue, 0), ages_s[queue])


def _of_queue(queue: str, workers: list[str], waiting: int, age_s: float | None) -> Finding:
    part = f"workers of {queue}"
    found = f"{len(workers)} answer, {waiting} tasks wait"
    if age_s is not None:
        found += f", the oldest for {age_s:.0f} s"
    if not workers:
        return failed(part, found, _WITHOUT_WORKER.format(queue=queue))
    if age_s is not None and age_s > _OLD_TASK_S:
        return warning(part, found, "Read the worker's log; add workers if it keeps up no longer.")
    return ok(part, found)


def _age_s(channel: object, queue: str) -> float | None:
    """Return for how long the oldest task has waited; None for none, or if the broker hides it."""
    if not isinstance(channel, Channel):
        return None
    oldest = channel.client.lindex(queue, -1)
    if oldest is None:
        return None
    sent_at = json.loads(oldest).get("headers", {}).get(SENT_AT)
    return None if sent_at is None else max(time.time() - sent_at, 0.0)


def beat() -> Iterator[Finding]:
    """Examine when beat has last sent its periodic task and a worker has run it."""
    heard = cache.get(BEAT_HEARD)
    if not settings.CACHE_URL:
        yield warning("beat", "not known without CACHE_URL", "Set CACHE_URL.")
    elif heard is None:
        yield failed("beat", "no periodic task has run", "Start beat, once in the deployment.")
    else:
        since_s = time.time() - heard
        text = f"a periodic task ran {since_s:.0f} s ago"
        interval_s: Any = settings.CELERY_BEAT_SCHEDULE["record-beat"]["schedule"]
        if since_s > 4 * interval_s:
            yield failed("beat", text, "Start beat, or the worker of the queue default.")
        else:
            yield ok("beat", text)
