"""The sums of days of an instance: usage, subjects, durations, persons."""

from datetime import date, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection

from usage.models import SUM_COLUMNS, DailyDuration, DailyPerson, DailySubject, DailyUsage
from usage.rollups.buckets import BUCKET
from usage.rollups.calendar import midnight

DAILY_MODELS: Final = (DailyUsage, DailySubject, DailyDuration, DailyPerson)

_DAY = "(created_at AT TIME ZONE %(zone)s)::date"
_COLUMNS = ", ".join(SUM_COLUMNS)
# Sums that are not those of a column of the same name.
_COUNTS = {
    "requests": "count(*)",
    "questions": "count(*) FILTER (WHERE kind = 'answer')",
    "unanswered": "count(*) FILTER (WHERE kind = 'answer' AND outcome = 'nothing_found')",
    "answer_ms": "coalesce(sum(total_ms) FILTER (WHERE kind = 'answer'), 0)",
}
_SUMS = ", ".join(_COUNTS.get(name, f"coalesce(sum({name}), 0)") for name in SUM_COLUMNS)
_RECORDS = (
    "FROM usage_usagerecord WHERE instance_id = %(instance)s"
    " AND created_at >= %(since)s AND created_at < %(until)s"
)
_PERSON = "coalesce(pseudonym::text, 'key ' || api_key_id)"
# The persons of one duration are not counted.
_CELL_OF_RECORD = (
    "cell.dimension, cell.value FROM usage_usagerecord AS record"
    " CROSS JOIN LATERAL usage_cells(record, %(zone)s) AS cell"
    " WHERE record.instance_id = %(instance)s"
    " AND record.created_at >= %(since)s AND record.created_at < %(until)s"
    " AND cell.dimension <> 'duration'"
    " AND coalesce(record.pseudonym::text, record.api_key_id::text) IS NOT NULL"
)
# What a statement, or the savings of an instance, tell apart.
_ACCOUNTS = (
    "kind, outcome, frugal_step, other_model, organisation_id, cost_centre,"
    " charged_organisation_id, charged_cost_centre, model, backend_name,"
    " serving_organisation_id, method, currency"
)
_STATEMENTS: Final = (
    f"INSERT INTO usage_dailyusage (instance_id, day, {_ACCOUNTS}, {_COLUMNS})"
    f" SELECT instance_id, {_DAY} AS day, {_ACCOUNTS}, {_SUMS} {_RECORDS}"
    f" GROUP BY instance_id, day, {_ACCOUNTS}",
    "INSERT INTO usage_dailysubject (instance_id, day, subject, method, currency,"
    f" {_COLUMNS}) SELECT instance_id, {_DAY} AS day, subject, method, currency, {_SUMS}"
    f" {_RECORDS} AND kind = 'answer' GROUP BY instance_id, day, subject, method, currency",
    "INSERT INTO usage_dailyduration (instance_id, day, bucket, requests)"
    f" SELECT instance_id, {_DAY} AS day, {BUCKET} AS bucket, count(*) {_RECORDS}"
    " AND kind = 'answer' AND outcome = 'complete' GROUP BY instance_id, day, bucket",
    # Each value of a dimension has a number. A sequence would lose one for each conflict.
    f"INSERT INTO usage_cellname (dimension, value) SELECT DISTINCT {_CELL_OF_RECORD}"  # noqa: S608 (constants)
    " AND NOT EXISTS (SELECT FROM usage_cellname AS name"
    " WHERE name.dimension = cell.dimension AND name.value = cell.value) ON CONFLICT DO NOTHING",
    "INSERT INTO usage_dailyperson (instance_id, organisation_id, day, person, cells)"  # noqa: S608 (constants)
    f" SELECT instance_id, organisation_id, {_DAY} AS day, {_PERSON} AS person,"
    f" array_agg(DISTINCT name.id) FROM (SELECT record.*, {_CELL_OF_RECORD}) AS record"
    " JOIN usage_cellname AS name USING (dimension, value)"
    " GROUP BY instance_id, organisation_id, day, person",
)


def roll_up_days(instance_id: int, first: date, last: date) -> set[str]:
    """Compute the sums of the days from ``first`` to ``last`` again. Run inside ``tenant``.

    Return the persons who had or have requests on these days.
    """
    days = DailyPerson.objects.for_instance(instance_id).filter(day__range=(first, last))
    persons = set(days.values_list("person", flat=True))
    delete_days(instance_id, day__range=(first, last))
    bounds: dict[str, Any] = {
        "instance": instance_id,
        "zone": settings.TIME_ZONE,
        "since": midnight(first),
        "until": midnight(last + timedelta(days=1)),
    }
    with connection.cursor() as cursor:
        for statement in _STATEMENTS:
            cursor.execute(statement, bounds)
    return persons | set(days.values_list("person", flat=True))


def delete_days(instance_id: int, **which: Any) -> None:
    """Delete the sums of the days that match a filter; of all days without one."""
    for model in DAILY_MODELS:
        rows: Any = model.objects  # mypy does not see that the four have one manager
        rows.for_instance(instance_id).filter(**which).delete()


def take_pending_days(instance_id: int) -> list[date]:
    """Return the days with new or changed records, and forget them. Run inside ``tenant``."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH taken AS (DELETE FROM usage_pendingusage WHERE instance_id = %s"
            " RETURNING created_at)"
            " SELECT DISTINCT (created_at AT TIME ZONE %s)::date AS day FROM taken ORDER BY day",
            [instance_id, settings.TIME_ZONE],
        )
        return [day for (day,) in cursor.fetchall()]
