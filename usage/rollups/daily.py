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
# What a statement, or the savings of an instance, tell apart.
_ACCOUNTS = (
    "kind, outcome, frugal_step, other_model, organisation_id, cost_centre, model, backend_name,"
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
    "INSERT INTO usage_dailyperson (instance_id, day, person)"
    f" SELECT DISTINCT instance_id, {_DAY}, coalesce(pseudonym::text, 'key ' || api_key_id)"
    f" {_RECORDS} AND coalesce(pseudonym::text, api_key_id::text) IS NOT NULL",
)


def roll_up_days(instance_id: int, first: date, last: date) -> None:
    """Compute the sums of the days from ``first`` to ``last`` again. Run inside ``tenant``."""
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
