"""The dashboard of an instance, from its daily sums. Run inside ``tenant(instance)``."""

from typing import Any

from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import TruncMonth

from instances.models import Instance
from usage.dashboards.figures import READ, Dashboard
from usage.dashboards.grouping import Row, columns, model_groups, read_sums, subject_groups, total
from usage.dashboards.periods import Period
from usage.dashboards.savings import savings_of
from usage.models import DailyDuration, DailyPerson, DailySubject, DailyUsage
from usage.rollups.buckets import percentile_ms


def instance_dashboard(instance: Instance, period: Period) -> Dashboard:
    """The figures of everybody in the instance."""
    step = F("day") if period.is_drawn_by_day else TruncMonth("day")
    rows = _sums(_days(DailyUsage, instance, period).annotate(step=step), "step", "model")
    subjects = _sums(_days(DailySubject, instance, period), "subject")
    persons = _days(DailyPerson, instance, period).aggregate(n=Count("person", distinct=True))
    buckets = _days(DailyDuration, instance, period).values_list("bucket")
    durations = dict(buckets.annotate(n=Sum("requests")))
    return Dashboard(
        period=period,
        total=total(rows),
        columns=columns(rows, period),
        models=model_groups(rows),
        subjects=subject_groups(subjects),
        members=[],
        persons=persons["n"],
        median_ms=percentile_ms(durations, 0.5),
        p95_ms=percentile_ms(durations, 0.95),
        savings=savings_of(instance, period),
    )


def _days(model: Any, instance: Instance, period: Period) -> QuerySet[Any]:
    rows: QuerySet[Any] = model.objects.for_instance(instance)
    return rows.filter(day__range=(period.first, period.last))


def _sums(days: QuerySet[Any], *dimensions: str) -> list[Row]:
    return read_sums(days, dimensions, {name: Sum(name) for name in READ})
