"""The dashboard of an instance, from its sums. Run inside ``tenant(instance)``."""

from collections import Counter
from collections.abc import Iterable

from django.db.models import F, QuerySet, Sum
from django.db.models.functions import TruncMonth

from instances.models import Instance
from usage.dashboards.figures import READ, Dashboard
from usage.dashboards.grouping import (
    Row,
    backend_groups,
    columns,
    model_groups,
    read_sums,
    subject_groups,
    total,
)
from usage.dashboards.periods import Period
from usage.dashboards.savings import savings_of
from usage.dashboards.sums import count_persons, days_of, sums_of
from usage.models import DailyDuration, DailySubject, DailyUsage, MonthlyUsage
from usage.rollups.buckets import percentile_ms

_SUMS = {name: Sum(name) for name in READ}


def instance_dashboard(instance: Instance, period: Period) -> Dashboard:
    """The figures of everybody in the instance."""
    rows = _read(_steps(instance, period), "step", "model", "backend_name")
    durations: Counter[int] = Counter()
    for part in sums_of(DailyDuration, instance, period):
        durations.update(dict(part.values_list("bucket").annotate(n=Sum("requests"))))
    return Dashboard(
        period=period,
        total=total(rows),
        columns=columns(rows, period),
        models=model_groups(rows),
        backends=backend_groups(rows),
        subjects=subject_groups(_read(sums_of(DailySubject, instance, period), "subject")),
        members=[],
        persons=count_persons(instance, period),
        median_ms=percentile_ms(durations, 0.5),
        p95_ms=percentile_ms(durations, 0.95),
        savings=savings_of(instance, period),
    )


def _steps(instance: Instance, period: Period) -> list[QuerySet[DailyUsage | MonthlyUsage]]:
    """The sums of the period with the ``step`` of its chart."""
    if period.is_drawn_by_day:
        return [days_of(DailyUsage, instance, period).annotate(step=F("day"))]
    return [
        part.annotate(step=F("month") if part.model is MonthlyUsage else TruncMonth("day"))
        for part in sums_of(DailyUsage, instance, period)
    ]


def _read(parts: Iterable[QuerySet[DailyUsage | MonthlyUsage]], *dimensions: str) -> list[Row]:
    return [row for part in parts for row in read_sums(part, dimensions, _SUMS)]
