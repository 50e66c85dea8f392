"""Which jobs are needed: decided from the rows and the queues, without touching anything."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from inference.models import JobTemplate, ServerJob

_State, _Reason = ServerJob.State, ServerJob.Reason
STARTING = (_State.REQUESTED, _State.PENDING, _State.RUNNING, _State.REGISTERED)
# Ends that nobody has to mend.
PLANNED = frozenset(
    {_Reason.IDLE, _Reason.REPLACED, _Reason.DISABLED, _Reason.SURPLUS, _Reason.STOPPED}
)
FAILED_CHECKS = 3
# Questions get no answer from a job that ends within this time, but from its successor.
_LAST_ANSWERS_S = 120.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 60.0, 1800.0


@dataclass(frozen=True, slots=True)
class Demand:
    """The questions that wait for the backend, and those at each of its jobs, by number."""

    waiting: int
    held: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Start:
    """A job to be started."""

    partition: str
    replaces: ServerJob | None = None


def expected_start_s(template: JobTemplate, answered: Sequence[ServerJob]) -> float:
    """Return how long a job takes from its request to its first answer: the mean of these."""
    times = [(job.ready_at - job.requested_at).total_seconds() for job in answered if job.ready_at]
    return sum(times) / len(times) if times else 60.0 * template.start_minutes


def retry_at(template: JobTemplate, ended: Sequence[ServerJob]) -> datetime | None:
    """Return until when no job is started, as the last ones failed.

    ``ended`` are the jobs that have ended or are being stopped, the latest first.
    The pause doubles with each failure in a row. A change of the template ends it.
    """
    failures = list(
        takewhile(
            lambda job: job.ready_at is None and job.reason not in PLANNED,
            (job for job in ended if job.requested_at > template.updated_at),
        )
    )
    failed_at = (failures[0].ended_at or failures[0].draining_at) if failures else None
    if failed_at is None:
        return None
    pause_s = min(_FIRST_PAUSE_S * 2 ** (len(failures) - 1), _LONGEST_PAUSE_S)
    return failed_at + timedelta(seconds=pause_s)


def next_start(
    template: JobTemplate,
    jobs: Sequence[ServerJob],
    demand: Demand,
    now: datetime,
    start_s: float,
) -> Start | None:
    """Return the job to start now, if any; ``jobs`` are active, without those that are stopped.

    One a pass: the next pass sees it as starting. Jobs that start count as if they answered
    already, but those that wait in the first partition do not keep the second from being used.
    """
    if old := _to_replace(template, jobs, now, start_s):
        return Start(old.partition, old)
    if len(jobs) >= template.max_jobs:
        return None
    is_overflow = bool(template.overflow_partition) and demand.waiting >= template.overflow_waiting
    partition = template.overflow_partition if is_overflow else template.partition
    counted = [
        job
        for job in jobs
        if not is_overflow or job.state != _State.PENDING or job.partition == partition
    ]
    starting = sum(job.state in STARTING for job in counted)
    uncovered = demand.waiting - starting * template.backend.max_concurrency
    needed = 1 if not counted else template.waiting_per_job
    if len(jobs) < template.min_jobs or uncovered >= needed:
        return Start(partition)
    return None


def stops(
    template: JobTemplate, jobs: Sequence[ServerJob], now: datetime
) -> Iterator[tuple[ServerJob, ServerJob.Reason]]:
    """Yield the active jobs that are to get no more questions, and why; they are not draining."""
    is_enabled = template.backend.is_enabled
    replaced = {job.replaces_id for job in jobs if job.state == _State.READY}
    n_kept = len(jobs)
    for job in jobs:
        reason: ServerJob.Reason | None = None
        if not is_enabled:
            reason = _Reason.DISABLED
        elif _is_late(job, now):
            reason = _Reason.NOT_ANSWERING if job.registered_at else _Reason.LATE
        elif job.failed_checks >= FAILED_CHECKS:
            reason = _Reason.NOT_ANSWERING
        elif job.pk in replaced:
            reason = _Reason.REPLACED
        elif _left_s(job, now) <= min(_LAST_ANSWERS_S, 6.0 * template.wall_minutes):
            reason = _Reason.WALL_TIME
        elif _is_idle(job, now) and n_kept > template.min_jobs:
            reason = _Reason.IDLE if job.state == _State.READY else _Reason.SURPLUS
        if reason is not None:
            n_kept -= 1
            yield job, reason


def _to_replace(
    template: JobTemplate, jobs: Sequence[ServerJob], now: datetime, start_s: float
) -> ServerJob | None:
    """Return a job that ends before a new one would answer, unless its successor is started.

    A job that is not used is stopped before, so each one here is worth replacing.
    """
    replaced = {job.replaces_id for job in jobs}
    lead_s = min(1.5 * start_s + _LAST_ANSWERS_S, 30.0 * template.wall_minutes)
    for job in jobs:
        if job.state == _State.READY and job.pk not in replaced and _left_s(job, now) <= lead_s:
            return job
    return None


def _left_s(job: ServerJob, now: datetime) -> float:
    return (job.ends_at - now).total_seconds() if job.ends_at else float("inf")


def _is_late(job: ServerJob, now: datetime) -> bool:
    """Whether a job runs for longer than its longest start, and does not answer yet."""
    limit = timedelta(minutes=job.template.start_minutes)
    begun = job.registered_at or job.started_at
    is_started = job.state in (_State.RUNNING, _State.REGISTERED)
    return is_started and begun is not None and now > begun + limit


def _is_idle(job: ServerJob, now: datetime) -> bool:
    if job.is_manual and job.state != _State.READY:
        return False
    limit = timedelta(minutes=job.template.idle_minutes)
    return job.idle_since is not None and now > job.idle_since + limit
