"""The monthly cells of organisations and of the site.

They count persons of several instances, so they are computed by a function over all instances
(decision 008), which returns sums only. Which of them may be shown is determined at once.
"""

from collections import defaultdict
from datetime import date

from django.conf import settings
from django.db import connection, transaction

from instances.across_instances import call_function
from usage.models import SUM_COLUMNS, MonthlyCell, PendingMonth
from usage.rollups.calendar import midnight, next_month
from usage.rollups.masking import masked_cells

_CELL = ", ".join(("dimension", "value", "method", "currency", "persons", *SUM_COLUMNS))
_INSERT = (
    f"INSERT INTO usage_monthlycell (organisation_id, month, is_masked, {_CELL})"  # noqa: S608
    f" SELECT %(organisation)s::bigint, %(month)s::date, true, {_CELL}"
    " FROM usage_of_month(%(organisation)s::bigint, %(since)s, %(until)s, %(zone)s)"
)


def mark_months(organisation_ids: set[int], months: set[date]) -> None:
    """Have the cells of these months computed again, of the organisations and of the site."""
    PendingMonth.objects.bulk_create(
        [
            PendingMonth(organisation_id=organisation_id, month=month)
            for organisation_id in (*sorted(organisation_ids), None)
            for month in sorted(months)
        ],
        ignore_conflicts=True,
    )


def roll_up_pending_months() -> int:
    """Compute the cells of all marked months again; return how many months."""
    waiting = list(PendingMonth.objects.order_by("month", "pk"))
    for pending in waiting:
        with transaction.atomic():
            # What is marked again from here on is computed once more.
            pending.delete()
            roll_up_month(pending.organisation_id, pending.month)
    return len(waiting)


def roll_up_month(organisation_id: int | None, month: date) -> None:
    """Compute the cells of an organisation (None: of the site) for a month again."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"usage of {organisation_id} in {month}"],
        )
        # The records of a month are sorted by what is counted.
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cells = MonthlyCell.objects.of(organisation_id).filter(month=month)
        cells.delete()
        cursor.execute(
            _INSERT,
            {
                "organisation": organisation_id,
                "month": month,
                "since": midnight(month),
                "until": midnight(next_month(month)),
                "zone": settings.TIME_ZONE,
            },
        )
        _add_savings(organisation_id, month)
        persons: dict[str, dict[str, int]] = defaultdict(dict)
        numbers = cells.filter(method="").values_list("dimension", "value", "persons")
        for dimension, value, number in numbers:
            persons[dimension][value] = number
        # Masked until here, by default.
        for dimension, masked in masked_cells(persons).items():
            cells.filter(dimension=dimension).exclude(value__in=masked).update(is_masked=False)


def _add_savings(organisation_id: int | None, month: date) -> None:
    """Add what first answers saved that no other followed, instance by instance."""
    MonthlyCell.objects.bulk_create(
        MonthlyCell(
            organisation_id=organisation_id,
            month=month,
            dimension=MonthlyCell.Dimension.FRUGALITY,
            value=MonthlyCell.SPARED,
            method=method,
            persons=0,
            requests=requests,
            avoided_wh=avoided_wh,
        )
        for method, requests, avoided_wh in call_function(
            "savings_of_month", organisation_id, month
        )
    )
