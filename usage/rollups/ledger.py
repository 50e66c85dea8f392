"""The amounts that organisations owe for a month: inference, and the service itself.

Inference is charged to the organisation of the instance, and credited to the organisation whose
machines worked. The service is charged by question (``SERVICE_PRICE_PER_QUESTION``), and credited
to the deployment.
"""

from datetime import date
from typing import Final

from django.conf import settings
from django.db import connection

from usage.models import LedgerLine
from usage.rollups.calendar import next_month

_COLUMNS = (
    "month, ledger, charged_id, cost_centre, credited_id, instance_number, kind, model,"
    " backend_name, currency, requests, prompt_tokens, completion_tokens, amount"
)
_DAYS = (
    "FROM usage_dailyusage WHERE instance_id = %(instance)s AND day >= %(month)s AND day < %(end)s"
)
_STATEMENTS: Final = (
    # Also what has no price: its tokens are part of the statement.
    f"INSERT INTO usage_ledgerline ({_COLUMNS})"
    " SELECT %(month)s::date, 'inference', organisation_id, cost_centre, serving_organisation_id,"
    " instance_id, kind, model, backend_name, currency, sum(requests), sum(prompt_tokens),"
    f" sum(completion_tokens), sum(cost) {_DAYS}"
    " AND (currency <> '' OR prompt_tokens + completion_tokens > 0)"
    " GROUP BY organisation_id, cost_centre, serving_organisation_id, instance_id, kind, model,"
    " backend_name, currency",
    f"INSERT INTO usage_ledgerline ({_COLUMNS})"
    " SELECT %(month)s::date, 'service', organisation_id, cost_centre, NULL::bigint, instance_id,"
    " 'answer', '', '', %(currency)s, sum(questions), 0, 0, sum(questions) * %(price)s::numeric"
    f" {_DAYS} AND questions > 0 GROUP BY organisation_id, cost_centre, instance_id",
)


def write_ledger(instance_id: int, month: date) -> None:
    """Compute the lines of an instance for a month again, from its days. Run inside ``tenant``."""
    LedgerLine.objects.filter(instance_number=instance_id, month=month).delete()
    values = {
        "instance": instance_id,
        "month": month,
        "end": next_month(month),
        "price": settings.SERVICE_PRICE_PER_QUESTION,
        "currency": settings.SERVICE_CURRENCY,
    }
    with connection.cursor() as cursor:
        for statement in _STATEMENTS:
            cursor.execute(statement, values)
