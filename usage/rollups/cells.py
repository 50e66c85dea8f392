"""The cells of days of organisations, from records: what those of months are summed from.

A function over all instances computes them (decision 008), and returns sums only.
"""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from usage.models import SUM_COLUMNS, DailyCell, DailyUsage, PendingDay, PendingMonth
from usage.rollups.calendar import first_of_month, midnight, next_month

_COLUMNS = ", ".join(("day", "dimension", "value", "method", "currency", *SUM_COLUMNS))
_INSERT = (
    f"INSERT INTO usage_dailycell (organisation_id, {_COLUMNS})"  # noqa: S608 (constants)
    f" SELECT %(organisation)s::bigint, {_COLUMNS}"
    " FROM usage_of_days(%(organisation)s, %(since)s, %(until)s, %(zone)s)"
)


def mark_days(instance_id: int, changed: Collection[date] | None = None) -> None:
    """Have the cells of the changed days of an instance computed again; of all its days if None.

    Those of each organisation that it belonged to on these days. Run inside ``tenant``.
    """
    days = note_days(instance_id, changed)
    months = {(organisation_id, first_of_month(day)) for organisation_id, day in days}
    PendingMonth.objects.bulk_create(
        [PendingMonth(organisation_id=pk, month=month) for pk, month in sorted(months)],
        ignore_conflicts=True,
    )


def note_days(instance_id: int, changed: Collection[date] | None = None) -> list[tuple[int, date]]:
    """Have cells of days computed again when their months are; return organisations and days."""
    rows = DailyUsage.objects.for_instance(instance_id)
    if changed is not None:
        rows = rows.filter(day__in=changed)
    days = sorted(rows.order_by().values_list("organisation_id", "day").distinct())
    PendingDay.objects.bulk_create(
        [PendingDay(organisation_id=organisation_id, day=day) for organisation_id, day in days],
        ignore_conflicts=True,
    )
    return days


def roll_up_cells(organisation_id: int, month: date) -> None:
    """Compute the days of a month again that have changed. Run in the transaction of the month."""
    with connection.cursor() as cursor:
        # What is noted again from here on is computed once more.
        cursor.execute(
            "DELETE FROM usage_pendingday WHERE organisation_id = %s AND day >= %s AND day < %s"
            " RETURNING day",
            [organisation_id, month, next_month(month)],
        )
        days = [day for (day,) in cursor.fetchall()]
        if not days:
            return
        # Days between them are computed as well: one scan, however many have changed.
        first, last = min(days), max(days)
        DailyCell.objects.filter(organisation=organisation_id, day__range=(first, last)).delete()
        bounds: dict[str, Any] = {
            "organisation": organisation_id,
            "since": midnight(first),
            "until": midnight(last + timedelta(days=1)),
            "zone": settings.TIME_ZONE,
        }
        cursor.execute(_INSERT, bounds)
