"""What squeue says, noted in the rows: starts, ends, adopted jobs."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from inference.models import JobTemplate, ServerJob
from inference.slurm.commands import ListedJob
from inference.slurm.submission import end

_State, _Reason = ServerJob.State, ServerJob.Reason
# By the state of the job in Slurm.
_ENDS: Mapping[str, ServerJob.Reason] = {
    "TIMEOUT": _Reason.WALL_TIME,
    "DEADLINE": _Reason.WALL_TIME,
    "CANCELLED": _Reason.CANCELLED,
    "NODE_FAIL": _Reason.NODE,
    "BOOT_FAIL": _Reason.NODE,
    "PREEMPTED": _Reason.PREEMPTED,
    "OUT_OF_MEMORY": _Reason.MEMORY,
}
# Of a pending job: it will never start as it is.
_HOPELESS: Mapping[str, ServerJob.Reason] = {
    "PartitionTimeLimit": _Reason.TIME_LIMIT,
    "PartitionDown": _Reason.PARTITION,
    "PartitionInactive": _Reason.PARTITION,
    "InvalidAccount": _Reason.ACCOUNT,
    "InvalidQOS": _Reason.ACCOUNT,
    "BadConstraints": _Reason.REFUSED,
    "JobHeldUser": _Reason.REFUSED,
    "JobHeldAdmin": _Reason.REFUSED,
}


def observe(
    template: JobTemplate, jobs: Sequence[ServerJob], listed: Iterable[ListedJob]
) -> list[int]:
    """Note in the active rows what squeue lists; return the numbers of jobs to cancel.

    ``jobs`` are the active rows as they were read **before** squeue was asked. Read after it, a
    job that another process submitted meanwhile would seem to have ended.

    Those to cancel belong to no active row, or are a second job of one. A row without a job that
    had been submitted has ended; one that was never submitted is left as it is.
    """
    by_name: dict[str, list[ListedJob]] = {}
    for each in listed:
        by_name.setdefault(each.name, []).append(each)
    unwanted: list[int] = []
    for job in jobs:
        unwanted += _observe_one(job, by_name.pop(job.name, []))
    if by_name:
        # A row is written before its job is submitted: these were requested meanwhile.
        for job in template.jobs.active().select_related("template"):
            by_name.pop(job.name, None)
    return unwanted + [
        each.slurm_id for rest in by_name.values() for each in rest if not each.has_ended
    ]


def _observe_one(job: ServerJob, found: list[ListedJob]) -> list[int]:
    alive = [each for each in found if not each.has_ended]
    if job.slurm_id is None and found:
        # Submitted by a process that was killed before it could note the number. The last one has
        # the token of the row.
        job.slurm_id = max(each.slurm_id for each in (alive or found))
        job.submitted_at = timezone.now()
        row = ServerJob.objects.filter(pk=job.pk, slurm_id=None)
        if not row.update(slurm_id=job.slurm_id, submitted_at=job.submitted_at):
            # Noted by another process meanwhile.
            return []
    mine = next((each for each in found if each.slurm_id == job.slurm_id), None)
    if mine is None or mine.has_ended:
        if job.slurm_id is not None:
            _note_end(job, mine)
    else:
        _note_progress(job, mine)
    return [each.slurm_id for each in alive if each is not mine]


def _note_end(job: ServerJob, listed: ListedJob | None) -> None:
    if job.state == _State.DRAINING and job.reason:
        end(job, job.reason, job.detail)
    elif listed is None:
        end(job, _Reason.LOST)
    elif listed.state in _ENDS:
        end(job, _ENDS[listed.state], f"{listed.state}: {listed.reason}")
    else:
        reason = _Reason.FAILED if job.registered_at else _Reason.ENDED_EARLY
        end(job, reason, f"{listed.state}: {listed.reason}")


def _note_progress(job: ServerJob, listed: ListedJob) -> None:
    """Note that a job waits in Slurm or runs, unless it has registered meanwhile."""
    now, before = timezone.now(), (_State.REQUESTED, _State.PENDING)
    row = ServerJob.objects.filter(pk=job.pk)
    if listed.state == "RUNNING":
        if job.started_at is None:
            # From now on, it has ``start_minutes`` to register.
            limit = now + timedelta(minutes=job.template.start_minutes)
            row.update(started_at=now, token_expires_at=limit)
            row.filter(state__in=before).update(state=_State.RUNNING)
        if listed.left_s is not None and _differs(job.ends_at, now, listed.left_s):
            row.update(ends_at=now + timedelta(seconds=listed.left_s))
    elif job.state == _State.REQUESTED:
        row.filter(state=_State.REQUESTED).update(state=_State.PENDING)
    if job.state in before and (reason := _HOPELESS.get(listed.reason)):
        row.filter(state__in=before).update(
            **{"state": _State.DRAINING, "draining_at": now, "reason": reason},
            detail=f"{listed.state}: {listed.reason}",
        )
    job.refresh_from_db()


def _differs(ends_at: datetime | None, now: datetime, left_s: int) -> bool:
    """Whether the end has moved, beyond the seconds that squeue rounds."""
    return ends_at is None or abs((ends_at - now).total_seconds() - left_s) > 5
