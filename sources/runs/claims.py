"""Claims of runs by workers; instances take turns.

A claim ends by itself when its worker was killed, after the lease of one step. Each claim has a
number (``SourceRun.attempt``): writes of an earlier one change nothing.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from instances.across_instances import call_function
from instances.models import Instance
from instances.tenancy import tenant
from sources.models import SourceRun

# The longest request but for files, and the wait after it.
_STEP_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Claim:
    """A run that a worker may continue."""

    instance_id: int
    run_id: UUID
    attempt: int


def is_work_waiting() -> bool:
    """Whether a worker could claim a run now."""
    return bool(_waiting())


def claim_next() -> Claim | None:
    """Claim the run whose turn it is; None when there is none, or enough are under way."""
    for instance_id, run_id in _waiting():
        with tenant(instance_id):
            if claim := _claim(instance_id, run_id):
                return claim
    return None


def _waiting() -> list[tuple[int, UUID]]:
    """Return the runs that wait, by turn; none when enough are under way.

    One instance has one run under way at a time, so that its slow servers do not occupy all.
    """
    now = timezone.now()
    rows = call_function("source_runs_unfinished")
    live = [row for row in rows if row[2] is not None and row[2] > now]
    if len(live) >= settings.SOURCE_RUNS_AT_ONCE:
        return []
    busy = {instance for instance, _run, _until, _turn in live}
    waiting = sorted((turn, instance, run) for instance, run, _until, turn in rows)
    return [(instance, run) for _turn, instance, run in waiting if instance not in busy]


def _claim(instance_id: int, run_id: UUID) -> Claim | None:
    now = timezone.now()
    run = (
        SourceRun.objects.for_instance(instance_id)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("instance__organisation")
        .filter(Q(claimed_until=None) | Q(claimed_until__lte=now))
        .filter(pk=run_id, status__in=SourceRun.UNFINISHED)
        .first()
    )
    if run is None:
        return None
    instance = run.instance
    if instance.status != Instance.Status.ACTIVE or not instance.organisation.is_enabled:
        run.status, run.finished_at = SourceRun.Status.CANCELLED, now
        run.save(update_fields=["status", "finished_at"])
        return None
    if run.status == SourceRun.Status.QUEUED:
        is_deletion = run.reason == SourceRun.Reason.DELETION
        run.status = SourceRun.Status.REMOVING if is_deletion else SourceRun.Status.LISTING
    run.attempt += 1
    run.claimed_until, run.turn_at = now + _lease(), now
    run.save(update_fields=["status", "attempt", "claimed_until", "turn_at"])
    return Claim(instance_id, run_id, run.attempt)


def claimed_run(claim: Claim) -> SourceRun | None:
    """Return the run, locked and with its lease renewed; None when it is no longer this claim's.

    Runs inside ``tenant(instance)``.
    """
    run: SourceRun | None = (
        SourceRun.objects.for_instance(claim.instance_id)
        .select_for_update(of=("self",))
        .select_related("instance__organisation", "source__created_by")
        .filter(pk=claim.run_id, attempt=claim.attempt, status__in=SourceRun.UNFINISHED)
        .first()
    )
    if run is not None:
        run.claimed_until = timezone.now() + _lease()
        run.save(update_fields=["claimed_until"])
    return run


def release(claim: Claim) -> None:
    """Let another worker continue. Runs inside ``tenant(instance)``."""
    SourceRun.objects.for_instance(claim.instance_id).filter(
        pk=claim.run_id, attempt=claim.attempt
    ).update(claimed_until=None)


def _lease() -> timedelta:
    """Return after which time a worker at a step is thought dead."""
    return timedelta(seconds=max(_STEP_S, settings.SOURCE_FILE_SECONDS + 60))
