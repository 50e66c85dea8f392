"""Starts and cancels runs. Each function runs inside ``tenant(instance)``."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from instances.models import Instance
from people.models import User
from sources.models import Source, SourceRun
from web.enqueueing import enqueue_on_commit

WORK = "sources.tasks.work"


def start_run(
    source: Source, *, reason: SourceRun.Reason, user: User | None
) -> tuple[SourceRun, bool]:
    """Create a run and call a worker; return the one that is unfinished, if there is one.

    The second value is whether it is new.
    """
    unfinished = SourceRun.objects.for_instance(source.instance_id).filter(
        source=source, status__in=SourceRun.UNFINISHED
    )
    try:
        with transaction.atomic():
            run = SourceRun.objects.create(
                instance_id=source.instance_id, source=source, reason=reason, created_by=user
            )
    except IntegrityError:
        return unfinished.get(), False
    enqueue_on_commit(WORK)
    return run, True


def start_due_runs(instance: Instance, now: datetime) -> int:
    """Start the runs of an instance that are due, and schedule the next; return how many."""
    due = (
        Source.objects.for_instance(instance)
        .select_for_update(skip_locked=True)
        .filter(next_run_at__lte=now)
    )
    started = 0
    for source in due:
        source.next_run_at = now + source.step if source.step else None
        source.save(update_fields=["next_run_at"])
        if instance.status == Instance.Status.ACTIVE and instance.organisation.is_enabled:
            started += start_run(source, reason=SourceRun.Reason.SCHEDULED, user=None)[1]
    return started


def cancel_runs(source: Source) -> None:
    """Cancel the run of a source that is unfinished; its worker stops after the present item."""
    SourceRun.objects.for_instance(source.instance_id).filter(
        source=source, status__in=SourceRun.UNFINISHED
    ).update(status=SourceRun.Status.CANCELLED, finished_at=timezone.now(), claimed_until=None)
