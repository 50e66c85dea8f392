"""Claims of indexes by workers: one index of the site at a time, instances in turns.

A claim ends by itself when its worker was killed, after ``SILENCE`` without a heartbeat. Each has a
number (``IndexGeneration.attempt``): writes of an earlier one raise ``StaleClaim``.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Event

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from ingestion.attempts.heartbeat import beating
from ingestion.indexing.generations import SearchIndex, search_index
from ingestion.models import IndexGeneration
from ingestion.reindexing.documents import missing_documents
from instances.across_instances import call_function
from instances.models import Instance
from instances.tenancy import tenant

SILENCE = timedelta(seconds=20)
# Pauses after a failure that was not a document's: 2 s, 4 s … 10 minutes.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 2.0, 600.0
_Status = IndexGeneration.Status


class StaleClaim(Exception):
    """The index was cancelled, or another worker has taken it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An index that a worker builds."""

    instance_id: int
    index: SearchIndex
    attempt: int

    @property
    def number(self) -> int:
        """The number of the index."""
        return self.index.generation


def is_work_waiting(*, statuses: Collection[str] = (_Status.BUILDING,)) -> bool:
    """Whether a worker could claim an index of these statuses now."""
    return bool(_waiting(statuses))


def claim_next() -> Claim | None:
    """Claim the index whose turn it is; None when there is none, or a worker builds one already.

    One that is complete is claimed if it lacks documents that were published since.
    """
    for instance_id, number in _waiting(IndexGeneration.UNFINISHED):
        with tenant(instance_id):
            if claim := _claim(instance_id, number):
                return claim
    return None


def _waiting(statuses: Collection[str]) -> list[tuple[int, int]]:
    """Return the instances and numbers of indexes, by turn; none while a worker is at one."""
    now = timezone.now()
    rows = [row for row in call_function("index_generations_at_work") if row[2] in statuses]
    if any(seen is not None and seen > now - SILENCE for _i, _n, _s, seen, *_times in rows):
        return []
    due = [
        (turn, instance, number)
        for instance, number, _s, _seen, retry, turn, _kept in rows
        if retry <= now
    ]
    return [(instance, number) for _turn, instance, number in sorted(due)]


def _claim(instance_id: int, number: int) -> Claim | None:
    now = timezone.now()
    generation = (
        IndexGeneration.objects.for_instance(instance_id)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("instance__organisation")
        .filter(Q(worker_seen_at=None) | Q(worker_seen_at__lt=now - SILENCE))
        .filter(number=number, status__in=IndexGeneration.UNFINISHED)
        .first()
    )
    if generation is None or not _is_open(generation.instance):
        return None
    if generation.status == _Status.BUILT and not (missing_documents(instance_id, number).exists()):
        return None
    generation.status = _Status.BUILDING
    generation.attempt += 1
    generation.worker_seen_at = generation.turn_at = now
    generation.save(update_fields=["status", "attempt", "worker_seen_at", "turn_at"])
    return Claim(instance_id, search_index(generation), generation.attempt)


def _is_open(instance: Instance) -> bool:
    closed = (Instance.Status.SUSPENDED, Instance.Status.DELETING)
    return instance.status not in closed and instance.organisation.is_enabled


@contextmanager
def claimed(claim: Claim) -> Iterator[IndexGeneration]:
    """Lock the index of a claim, in a transaction of its own; raises StaleClaim."""
    with tenant(claim.instance_id):
        generation = (
            _current(claim)
            .select_for_update(of=("self",))
            .select_related("instance", "requested_by")
            .first()
        )
        if generation is None:
            raise StaleClaim
        yield generation


def release(claim: Claim) -> None:
    """Let another index have its turn."""
    with tenant(claim.instance_id):
        _current(claim).update(worker_seen_at=None)


def postpone(claim: Claim, code: str) -> None:
    """Try again after a pause, which doubles each time without progress."""
    with claimed(claim) as generation:
        pause_s = min(_FIRST_PAUSE_S * 2 ** min(generation.retries, 10), _LONGEST_PAUSE_S)
        generation.error_code = code
        generation.retries += 1
        generation.retry_at = timezone.now() + timedelta(seconds=pause_s)
        generation.worker_seen_at = None
        generation.save(update_fields=["error_code", "retries", "retry_at", "worker_seen_at"])


@contextmanager
def heartbeat(claim: Claim) -> Iterator[Event]:
    """Record from a thread that the worker is alive; the event is set once the claim is stale."""

    def record() -> bool:
        with tenant(claim.instance_id):
            return bool(_current(claim).update(worker_seen_at=timezone.now()))

    with beating(record, f"index {claim.number} of instance {claim.instance_id}") as cancelled:
        yield cancelled


def add_work(claim: Claim, *, seconds: float, n_chunks: int = 0) -> None:
    """Add what was done to the figures of the index, and forget earlier failures.

    Runs inside ``tenant(instance)``; raises StaleClaim.
    """
    changed = _current(claim).update(
        embedded_chunks=F("embedded_chunks") + n_chunks,
        working_seconds=F("working_seconds") + seconds,
        error_code="",
        retries=0,
        worker_seen_at=timezone.now(),
    )
    if not changed:
        raise StaleClaim


def _current(claim: Claim) -> QuerySet[IndexGeneration]:
    return IndexGeneration.objects.for_instance(claim.instance_id).filter(
        number=claim.number, attempt=claim.attempt, status=_Status.BUILDING
    )
