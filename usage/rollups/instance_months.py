"""The sums of months of an instance, from those of its days."""

from collections.abc import Collection
from datetime import date
from typing import Any, Final

from django.db import connection

from usage.models import (
    SUM_COLUMNS,
    DailyDuration,
    DailySubject,
    DailyUsage,
    MonthlyDuration,
    MonthlyPerson,
    MonthlySubject,
    MonthlyUsage,
)
from usage.rollups.calendar import next_month

MONTHLY_MODELS: Final = (MonthlyUsage, MonthlySubject, MonthlyDuration, MonthlyPerson)

_SUMMED: Final = (
    (DailyUsage, MonthlyUsage),
    (DailySubject, MonthlySubject),
    (DailyDuration, MonthlyDuration),
)
_DAYS = "instance_id = %(instance)s AND day >= %(first)s AND day < %(end)s"
# Of the other persons nothing has changed.
_PERSONS: Final = (
    "DELETE FROM usage_monthlyperson WHERE instance_id = %(instance)s"
    " AND month >= %(first)s AND month < %(end)s AND person = ANY(%(persons)s)",
    "INSERT INTO usage_monthlyperson (instance_id, organisation_id, month, person, cells)"  # noqa: S608 (constants)
    " SELECT instance_id, organisation_id, date_trunc('month', day)::date AS month, person,"
    " array_agg(DISTINCT cell) FROM usage_dailyperson, unnest(cells) AS cell"
    f" WHERE {_DAYS} AND person = ANY(%(persons)s)"
    " GROUP BY instance_id, organisation_id, month, person",
)


def _statement(daily: Any, monthly: Any) -> str:
    """Return the statement that adds up days to months."""
    columns = [
        field.column
        for field in monthly._meta.concrete_fields
        if field.name not in {"id", "instance", "month"}
    ]
    dimensions = ", ".join(name for name in columns if name not in SUM_COLUMNS)
    names = [name for name in columns if name in SUM_COLUMNS]
    sums = ", ".join(f"sum({name})" for name in names)
    into = f"{monthly._meta.db_table} (instance_id, month, {dimensions}, {', '.join(names)})"
    return (
        f"INSERT INTO {into}"  # noqa: S608 (constants)
        f" SELECT instance_id, date_trunc('month', day)::date AS month, {dimensions}, {sums}"
        f" FROM {daily._meta.db_table} WHERE {_DAYS} GROUP BY instance_id, month, {dimensions}"
    )


_STATEMENTS: Final = (*(_statement(*models) for models in _SUMMED), *_PERSONS)


def roll_up_instance_months(
    instance_id: int, first: date, last: date, persons: Collection[str]
) -> None:
    """Compute the sums of months again, from the one of ``first`` to that of ``last``.

    Both are first days of their months; ``persons`` are those whose days have changed. Run inside
    ``tenant``, after ``daily.roll_up_days``.
    """
    for _daily, model in _SUMMED:
        rows: Any = model.objects  # mypy does not see that they have one manager
        rows.for_instance(instance_id).filter(month__range=(first, last)).delete()
    values: dict[str, Any] = {
        "instance": instance_id,
        "first": first,
        "end": next_month(last),
        "persons": list(persons),
    }
    with connection.cursor() as cursor:
        for statement in _STATEMENTS:
            cursor.execute(statement, values)


def delete_instance_months(instance_id: int) -> None:
    """Delete the sums of all months."""
    for model in MONTHLY_MODELS:
        rows: Any = model.objects
        rows.for_instance(instance_id).delete()
