"""Claims of runs by workers: one run of the site at a time, instances in turns.

A claim ends by itself when its worker was killed, after the lease of one question. Each claim has a
number (``EvaluationRun.attempt``): writes of an earlier one change nothing.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from evaluation.models import EvaluationRun
from evaluation.runs.asking import TIMEOUT_S
from instances.across_instances import call_function
from instances.models import Instance
from instances.tenancy import tenant

# Extracts need a fraction of a second.
_LEASE_OF_EXTRACTS: Final = timedelta(seconds=30)
_LEASE_OF_MODEL: Final = timedelta(seconds=TIMEOUT_S + 30)
# Threads of the worker that embeds documents and runs the reconcilers.
_AT_ONCE: Final = 1


@dataclass(frozen=True, slots=True)
class Claim:
    """A run that a worker may ask questions of."""

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
    """Return the runs that wait, by turn; none when enough are under way."""
    now = timezone.now()
    rows = call_function("evaluation_runs_unfinished")
    live = [until for _instance, _run, until, _turn in rows if until is not None and until > now]
    if len(live) >= _AT_ONCE:
        return []
    waiting = sorted((turn, instance, run) for instance, run, _until, turn in rows)
    return [(instance, run) for _turn, instance, run in waiting]


def _claim(instance_id: int, run_id: UUID) -> Claim | None:
    now = timezone.now()
    run = (
        EvaluationRun.objects.for_instance(instance_id)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("instance__organisation")
        .filter(Q(claimed_until=None) | Q(claimed_until__lte=now))
        .filter(pk=run_id, status__in=EvaluationRun.UNFINISHED)
        .first()
    )
    if run is None:
        return None
    instance = run.instance
    if instance.status != Instance.Status.ACTIVE or not instance.organisation.is_enabled:
        run.status, run.finished_at = EvaluationRun.Status.CANCELLED, now
        run.save(update_fields=["status", "finished_at"])
        return None
    run.status = EvaluationRun.Status.RUNNING
    run.attempt += 1
    run.claimed_until, run.turn_at = now + lease_of(run), now
    run.save(update_fields=["status", "attempt", "claimed_until", "turn_at"])
    return Claim(instance_id, run_id, run.attempt)


def claimed_run(claim: Claim) -> EvaluationRun | None:
    """Return the run, locked and with its lease renewed; None when it is no longer this claim's.

    Runs inside ``tenant(instance)``.
    """
    run = (
        EvaluationRun.objects.for_instance(claim.instance_id)
        .select_for_update(of=("self",))
        .select_related("instance__organisation", "created_by")
        .filter(pk=claim.run_id, attempt=claim.attempt, status=EvaluationRun.Status.RUNNING)
        .first()
    )
    if run is not None:
        run.claimed_until = timezone.now() + lease_of(run)
        run.save(update_fields=["claimed_until"])
    return run


def release(claim: Claim) -> None:
    """Let another worker continue. Runs inside ``tenant(instance)``."""
    EvaluationRun.objects.for_instance(claim.instance_id).filter(
        pk=claim.run_id, attempt=claim.attempt
    ).update(claimed_until=None)


def lease_of(run: EvaluationRun) -> timedelta:
    """Return after which time a worker at a question is thought dead."""
    return _LEASE_OF_MODEL if run.is_by_model else _LEASE_OF_EXTRACTS
