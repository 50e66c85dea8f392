"""The amounts that organisations owe for a month: inference, and the service itself.

Inference is charged to the organisation of the person, without one to that of the instance
(decision 037), and credited to the organisation whose machines worked. The service is charged to
the organisation of the instance by question (``SERVICE_PRICE_PER_QUESTION``), and credited to the
deployment.
"""

from datetime import date
from typing import Any, Final

from django.conf import settings
from django.db import connection

from usage.models import LedgerLine
from usage.rollups.calendar import next_month

_COLUMNS = (
    "month, ledger, charged_id, cost_centre, credited_id, instance_number, kind, model,"
    " backend_name, currency, requests, prompt_tokens, completion_tokens, amount"
)
_DAYS = (
    "FROM usage_dailyusage WHERE instance_id = %(instance)s AND day >= %(first)s AND day < %(end)s"
)
_STATEMENTS: Final = (
    # Also what has no price: its tokens are part of the statement.
    f"INSERT INTO usage_ledgerline ({_COLUMNS})"
    " SELECT date_trunc('month', day)::date AS month, 'inference',"
    " coalesce(charged_organisation_id, organisation_id) AS charged,"
    " CASE WHEN charged_organisation_id IS NULL THEN cost_centre ELSE charged_cost_centre END"
    " AS centre, serving_organisation_id, instance_id, kind, model, backend_name, currency,"
    f" sum(requests), sum(prompt_tokens), sum(completion_tokens), sum(cost) {_DAYS}"
    " AND (currency <> '' OR prompt_tokens + completion_tokens > 0)"
    " GROUP BY month, charged, centre, serving_organisation_id, instance_id, kind, model,"
    " backend_name, currency",
    f"INSERT INTO usage_ledgerline ({_COLUMNS})"
    " SELECT date_trunc('month', day)::date AS month, 'service', organisation_id, cost_centre,"
    " NULL::bigint, instance_id, 'answer', '', '', %(currency)s, sum(questions), 0, 0,"
    " sum(questions) * %(price)s::numeric"
    f" {_DAYS} AND questions > 0 GROUP BY month, organisation_id, cost_centre, instance_id",
)


def write_ledger(instance_id: int, first: date, last: date) -> None:
    """Compute the lines of an instance again, from its days. Run inside ``tenant``.

    From the month that begins on ``first`` to the one that begins on ``last``.
    """
    LedgerLine.objects.filter(instance_number=instance_id, month__range=(first, last)).delete()
    values: dict[str, Any] = {
        "instance": instance_id,
        "first": first,
        "end": next_month(last),
        "price": settings.SERVICE_PRICE_PER_QUESTION,
        "currency": settings.SERVICE_CURRENCY,
    }
    with connection.cursor() as cursor:
        for statement in _STATEMENTS:
            cursor.execute(statement, values)
