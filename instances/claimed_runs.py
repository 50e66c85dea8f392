"""Claims of runs by workers: instances take turns, one run of an instance at a time.

A claim ends by itself when its worker was killed, after the lease of one step. Each claim has a
number (``ClaimedRun.attempt``): writes of an earlier one change nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar, cast
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from instances.across_instances import call_function
from instances.models import Instance
from instances.models.claimed_runs import ClaimedRun
from instances.tenancy import tenant

Run = TypeVar("Run", bound=ClaimedRun)


@dataclass(frozen=True, slots=True)
class Claim:
    """A run that a worker may continue."""

    instance_id: int
    run_id: UUID
    attempt: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RunQueue(Generic[Run]):
    """The runs of one model."""

    model: type[Run]
    # The function of PostgreSQL that returns instance, run, ``claimed_until`` and ``turn_at`` of
    # all that are unfinished.
    unfinished_function: str
    # How many may be under way on the site.
    limit: Callable[[], int]
    # The status of a queued run when a worker takes it.
    first_status: Callable[[Run], str]
    # After which time a worker at a step is thought dead.
    lease: Callable[[Run], timedelta]
    # Related rows that a step reads.
    related: tuple[str, ...] = ()

    def is_work_waiting(self) -> bool:
        """Whether a worker could claim a run now."""
        return bool(self._waiting())

    def claim_next(self) -> Claim | None:
        """Claim the run whose turn it is; None when there is none, or enough are under way."""
        for instance_id, run_id in self._waiting():
            with tenant(instance_id):
                if claim := self._claim(instance_id, run_id):
                    return claim
        return None

    def claimed_run(self, claim: Claim) -> Run | None:
        """Return the run, locked, its lease renewed; None when it is no longer this claim's.

        Runs inside ``tenant(instance)``.
        """
        runs = self._unfinished(claim.instance_id).select_for_update(of=("self",))
        run = (
            runs.select_related("instance__organisation", *self.related)
            .filter(pk=claim.run_id, attempt=claim.attempt)
            .first()
        )
        if run is not None:
            run.claimed_until = timezone.now() + self.lease(run)
            run.save(update_fields=["claimed_until"])
        return run

    def release(self, claim: Claim) -> None:
        """Let another worker continue. Runs inside ``tenant(instance)``."""
        self.model.objects.for_instance(claim.instance_id).filter(
            pk=claim.run_id, attempt=claim.attempt
        ).update(claimed_until=None)

    def _waiting(self) -> list[tuple[int, UUID]]:
        """Return the runs that wait, by turn; none when enough are under way.

        One instance has one run under way at a time, so that its slow steps do not occupy all.
        """
        now = timezone.now()
        rows = call_function(self.unfinished_function)
        live = [row for row in rows if row[2] is not None and row[2] > now]
        if len(live) >= self.limit():
            return []
        busy = {instance for instance, _run, _until, _turn in live}
        waiting = sorted((turn, instance, run) for instance, run, _until, turn in rows)
        return [(instance, run) for _turn, instance, run in waiting if instance not in busy]

    def _claim(self, instance_id: int, run_id: UUID) -> Claim | None:
        now = timezone.now()
        runs = self._unfinished(instance_id).select_for_update(skip_locked=True, of=("self",))
        run = (
            runs.select_related("instance__organisation")
            .filter(Q(claimed_until=None) | Q(claimed_until__lte=now), pk=run_id)
            .first()
        )
        if run is None:
            return None
        instance = run.instance
        if instance.status != Instance.Status.ACTIVE or not instance.organisation.is_enabled:
            run.status, run.finished_at = "cancelled", now
            run.save(update_fields=["status", "finished_at"])
            return None
        if run.status == "queued":
            run.status = self.first_status(run)
        run.attempt += 1
        run.claimed_until, run.turn_at = now + self.lease(run), now
        run.save(update_fields=["status", "attempt", "claimed_until", "turn_at"])
        return Claim(instance_id, run_id, run.attempt)

    def _unfinished(self, instance_id: int) -> QuerySet[Run]:
        unfinished = self.model.objects.for_instance(instance_id).filter(
            status__in=self.model.UNFINISHED
        )
        return cast("QuerySet[Run]", unfinished)
