"""Keep the sums of instances up to date, and compute them all again."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date

from django.db import connection
from django.db.models import Max, Min
from django.utils import timezone

from instances.across_instances import call_function
from instances.models import Instance
from instances.tenancy import tenant
from usage.models import UsageRecord
from usage.rollups.calendar import first_of_month
from usage.rollups.cells import mark_days
from usage.rollups.daily import delete_days, roll_up_days, take_pending_days
from usage.rollups.instance_months import delete_instance_months, roll_up_instance_months
from usage.rollups.ledger import write_ledger

# First key of the advisory locks taken here; the second is the instance's id.
_LOCK_CLASS = 7_202


def instances_with_pending_usage() -> list[int]:
    """The primary keys of the instances with records that are in no sum yet."""
    return [instance_id for (instance_id,) in call_function("instances_with_pending_usage")]


def roll_up_instance(instance_id: int) -> None:
    """Compute the days with new or changed records again. An instance without any is skipped."""
    with tenant(instance_id):
        _lock(instance_id)
        persons: dict[date, set[str]] = defaultdict(set)
        days = take_pending_days(instance_id)
        # Also days of which no record is left.
        mark_days(instance_id, days)
        for day in days:
            persons[first_of_month(day)] |= roll_up_days(instance_id, day, day)
        for month, changed in sorted(persons.items()):
            _finish_months(instance_id, month, month, changed)
        mark_days(instance_id, days)


def rebuild_instance(instance: Instance) -> None:
    """Compute all sums of an instance again."""
    with tenant(instance):
        _lock(instance.pk)
        take_pending_days(instance.pk)
        delete_days(instance.pk)
        delete_instance_months(instance.pk)
        records = UsageRecord.objects.for_instance(instance)
        bounds = records.aggregate(first=Min("created_at"), last=Max("created_at"))
        if bounds["first"] is None:
            return
        zone = timezone.get_default_timezone()
        first, last = (timezone.localdate(bounds[name], zone) for name in ("first", "last"))
        persons = roll_up_days(instance.pk, first, last)
        _finish_months(instance.pk, first_of_month(first), first_of_month(last), persons)
        mark_days(instance.pk)


def _finish_months(instance_id: int, first: date, last: date, persons: Collection[str]) -> None:
    """Compute what depends on the days of these months; ``persons`` are those who changed."""
    roll_up_instance_months(instance_id, first, last, persons)
    write_ledger(instance_id, first, last)


def _lock(instance_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_CLASS, instance_id])
