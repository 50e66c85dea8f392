"""Archive disused instances, a month after their owners were notified.

Nothing is ever deleted for disuse. Disuse counts from the last use, else from the creation; each
use, and ``status.reactivate``, restarts it.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import F, Func, QuerySet
from django.db.models.functions import Coalesce

from administration.lifecycle import status
from instances import audit, notifications
from instances.models import Instance

NOTICE = timedelta(days=30)


class _Months(Func):
    """A PostgreSQL interval of so many months."""

    template = "make_interval(months => (%(expressions)s)::integer)"
    output_field = models.DurationField()


def due_for_notice(now: datetime) -> QuerySet[Instance]:
    """The instances whose owners must be notified now."""
    return _disused(now + NOTICE).filter(disuse_noticed_at=None)


def due_for_archive(now: datetime) -> QuerySet[Instance]:
    """The disused instances whose owners were notified a month ago."""
    return _disused(now).filter(disuse_noticed_at__lte=now - NOTICE)


def give_notice(instance_id: int, now: datetime) -> None:
    """Notify the owners that the instance will be archived, unless it was used meanwhile."""
    with transaction.atomic():
        instance = _lock(due_for_notice(now), instance_id)
        if instance is None:
            return
        Instance.objects.filter(pk=instance_id).update(disuse_noticed_at=now)
        audit.record(audit.Action.INSTANCE_NOTICE, instance=instance, archived_on=now + NOTICE)
        notifications.disuse_noticed(instance)


def archive_disused(instance_id: int, now: datetime) -> None:
    """Archive an instance, unless it was used meanwhile."""
    with transaction.atomic():
        instance = _lock(due_for_archive(now), instance_id)
        if instance is None:
            return
        status.archive(instance, reason=Instance.DISUSE_REASON)
        notifications.archived(instance)


def archived_on(instance: Instance) -> datetime | None:
    """When the instance will be archived, if its owners were notified; else None."""
    if instance.disuse_noticed_at is None or instance.status != Instance.Status.ACTIVE:
        return None
    return instance.disuse_noticed_at + NOTICE


def _disused(at: datetime) -> QuerySet[Instance]:
    """The active instances that at ``at`` have been unused for their organisation's months."""
    disused_at: Any = Coalesce("last_used_at", "created_at") + _Months(
        F("organisation__idle_months")
    )
    return (
        Instance.objects.filter(
            status=Instance.Status.ACTIVE,
            organisation__is_enabled=True,
            organisation__idle_months__gt=0,
        )
        .alias(disused_at=disused_at)
        .filter(disused_at__lte=at)
        .order_by("pk")
    )


def _lock(instances: QuerySet[Instance], instance_id: int) -> Instance | None:
    return (
        instances.select_related("organisation")
        .select_for_update(of=("self",))
        .filter(pk=instance_id)
        .first()
    )
