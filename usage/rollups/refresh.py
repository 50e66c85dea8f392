"""Keep the sums of instances up to date, and compute them all again."""

from datetime import date

from django.db import connection
from django.db.models import Max, Min
from django.utils import timezone

from instances.across_instances import call_function
from instances.models import Instance
from instances.tenancy import tenant
from usage.models import DailyUsage, UsageRecord
from usage.rollups.calendar import first_of_month, months_between, next_month
from usage.rollups.daily import delete_days, roll_up_days, take_pending_days
from usage.rollups.instance_months import delete_instance_months, roll_up_instance_months
from usage.rollups.ledger import write_ledger
from usage.rollups.monthly import mark_months

# First key of the advisory locks taken here; the second is the instance's id.
_LOCK_CLASS = 7_202


def instances_with_pending_usage() -> list[int]:
    """The primary keys of the instances with records that are in no sum yet."""
    return [instance_id for (instance_id,) in call_function("instances_with_pending_usage")]


def roll_up_instance(instance_id: int) -> None:
    """Compute the days with new or changed records again. An instance without any is skipped."""
    with tenant(instance_id):
        _lock(instance_id)
        days = take_pending_days(instance_id)
        for day in days:
            roll_up_days(instance_id, day, day)
        for month in sorted({first_of_month(day) for day in days}):
            _finish_months(instance_id, month, month)


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
        roll_up_days(instance.pk, first, last)
        _finish_months(instance.pk, first_of_month(first), first_of_month(last))


def _finish_months(instance_id: int, first: date, last: date) -> None:
    """Compute what depends on the days of these months: sums and ledger now, cells later."""
    roll_up_instance_months(instance_id, first, last)
    write_ledger(instance_id, first, last)
    days = DailyUsage.objects.for_instance(instance_id).filter(
        day__gte=first, day__lt=next_month(last)
    )
    organisations = set(days.values_list("organisation_id", flat=True).distinct())
    mark_months(organisations, set(months_between(first, last)))


def _lock(instance_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_CLASS, instance_id])
