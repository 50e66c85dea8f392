"""The sums of an instance for a period: those of its whole months, and of the days beside them.

Run inside ``tenant(instance)``.
"""

from typing import Any

from django.db.models import QuerySet

from instances.models import Instance
from usage.dashboards.periods import Period
from usage.models import (
    DailyDuration,
    DailyPerson,
    DailySubject,
    DailyUsage,
    MonthlyDuration,
    MonthlyPerson,
    MonthlySubject,
    MonthlyUsage,
)

_MONTHLY: dict[Any, Any] = {
    DailyUsage: MonthlyUsage,
    DailySubject: MonthlySubject,
    DailyDuration: MonthlyDuration,
    DailyPerson: MonthlyPerson,
}


def days_of(daily: Any, instance: Instance, period: Period) -> QuerySet[Any]:
    """The rows of all days of the period; ``daily`` is the model of the sums of days."""
    rows: QuerySet[Any] = daily.objects.for_instance(instance)
    return rows.filter(day__range=(period.first, period.last))


def sums_of(daily: Any, instance: Instance, period: Period) -> list[QuerySet[Any]]:
    """The rows of the whole months, and those of the days beside them: together the period."""
    parts = []
    if months := period.whole_months():
        of_months: QuerySet[Any] = _MONTHLY[daily].objects.for_instance(instance)
        parts.append(of_months.filter(month__range=months))
    for days in period.days_beside_months():
        of_days: QuerySet[Any] = daily.objects.for_instance(instance)
        parts.append(of_days.filter(day__range=days))
    return parts


def count_persons(instance: Instance, period: Period) -> int:
    """How many persons, or keys of no person, had requests in the period."""
    first, *others = (
        part.order_by().values("person") for part in sums_of(DailyPerson, instance, period)
    )
    # Grouped, as counting distinct values would sort them.
    return (first.union(*others) if others else first.distinct()).count()
