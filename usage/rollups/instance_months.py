"""The sums of months of an instance, from those of its days."""

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
# Most persons of a month remain when one of its days changes: only the others are written.
_PERSONS: Final = (
    "DELETE FROM usage_monthlyperson AS one"  # noqa: S608 (constants)
    " WHERE instance_id = %(instance)s AND month >= %(first)s AND month < %(end)s"
    " AND NOT EXISTS (SELECT FROM usage_dailyperson AS each"
    f" WHERE {_DAYS} AND each.person = one.person"
    " AND date_trunc('month', each.day)::date = one.month)",
    "INSERT INTO usage_monthlyperson (instance_id, month, person)"  # noqa: S608 (constants)
    " SELECT DISTINCT instance_id, date_trunc('month', day)::date, person"
    f" FROM usage_dailyperson WHERE {_DAYS} ON CONFLICT DO NOTHING",
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


def roll_up_instance_months(instance_id: int, first: date, last: date) -> None:
    """Compute the sums of months again, from the one of ``first`` to that of ``last``.

    Both are first days of their months. Run inside ``tenant``, after ``daily.roll_up_days``.
    """
    for _daily, model in _SUMMED:
        rows: Any = model.objects  # mypy does not see that they have one manager
        rows.for_instance(instance_id).filter(month__range=(first, last)).delete()
    values: dict[str, Any] = {"instance": instance_id, "first": first, "end": next_month(last)}
    with connection.cursor() as cursor:
        for statement in _STATEMENTS:
            cursor.execute(statement, values)


def delete_instance_months(instance_id: int) -> None:
    """Delete the sums of all months."""
    for model in MONTHLY_MODELS:
        rows: Any = model.objects
        rows.for_instance(instance_id).delete()
