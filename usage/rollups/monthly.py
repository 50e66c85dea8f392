"""The monthly cells of organisations and of the site, from those of their days.

Persons who use several instances count once: a function over all instances counts them (decision
008), and returns numbers only. Which of the cells may be shown is determined at once.
"""

from collections import defaultdict
from datetime import date

from django.db import connection, transaction

from instances.across_instances import call_function
from usage.models import SUM_COLUMNS, MonthlyCell, PendingMonth
from usage.rollups.calendar import next_month
from usage.rollups.cells import roll_up_cells
from usage.rollups.masking import masked_cells

_Dimension = MonthlyCell.Dimension
# Sums of them over different methods, or in different currencies, mean nothing.
_OF_A_METHOD = SUM_COLUMNS[SUM_COLUMNS.index("cpu_seconds") :]


def _sum(name: str) -> str:
    if name in _OF_A_METHOD:
        return f"CASE WHEN GROUPING(method) = 1 THEN 0 ELSE sum({name}) END AS {name}"
    return f"sum({name}) AS {name}"


_INSERT = f"""
INSERT INTO usage_monthlycell (organisation_id, month, is_masked, dimension, value, method,
  currency, persons, {", ".join(SUM_COLUMNS)})
SELECT %(organisation)s::bigint, %(month)s::date, true, dimension, value, summed.method,
  summed.currency, CASE summed.method WHEN '' THEN counted.persons END, {", ".join(SUM_COLUMNS)}
FROM (
  SELECT dimension, value, coalesce(method, '') AS method, coalesce(currency, '') AS currency,
    {", ".join(_sum(name) for name in SUM_COLUMNS)}
  FROM usage_dailycell AS cell
  WHERE day >= %(month)s AND day < %(end)s AND dimension <> %(other)s
    AND (%(organisation)s::bigint IS NULL OR organisation_id = %(organisation)s)
  GROUP BY GROUPING SETS ((dimension, value), (dimension, value, cell.method, cell.currency))
  HAVING GROUPING(cell.method) = 1 OR dimension NOT IN ('duration', 'outcome')
) AS summed
LEFT JOIN persons_of_month(%(organisation)s, %(month)s) AS counted USING (dimension, value)
"""  # noqa: S608 (constants)


def roll_up_pending_months() -> int:
    """Compute the cells of all marked months again; return how many months."""
    computed = 0
    # The site's are sums of those of organisations, which mark them.
    for is_of_site in (False, True):
        waiting = PendingMonth.objects.filter(organisation__isnull=is_of_site)
        for pending in list(waiting.order_by("month", "pk")):
            with transaction.atomic():
                # What is marked again from here on is computed once more.
                pending.delete()
                roll_up_month(pending.organisation_id, pending.month)
                computed += 1
    return computed


def roll_up_month(organisation_id: int | None, month: date) -> None:
    """Compute the cells of an organisation (None: of the site) for a month again.

    Of an organisation: first those of its days that have changed.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"usage of {organisation_id} in {month}"],
        )
        # Persons and sums are gathered in memory.
        cursor.execute("SET LOCAL work_mem = '128MB'")
        if organisation_id is not None:
            roll_up_cells(organisation_id, month)
            PendingMonth.objects.bulk_create([PendingMonth(month=month)], ignore_conflicts=True)
        cells = MonthlyCell.objects.of(organisation_id).filter(month=month)
        cells.delete()
        is_of_site = organisation_id is None
        cursor.execute(
            _INSERT,
            {
                "organisation": organisation_id,
                "month": month,
                "end": next_month(month),
                "other": _Dimension.INSTANCE if is_of_site else _Dimension.ORGANISATION,
            },
        )
        _add_savings(organisation_id, month)
        persons: dict[str, dict[str, int]] = defaultdict(dict)
        numbers = cells.filter(method="").values_list("dimension", "value", "persons")
        for dimension, value, number in numbers:
            persons[dimension][value] = number or 0
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
            requests=requests,
            avoided_wh=avoided_wh,
        )
        for method, requests, avoided_wh in call_function(
            "savings_of_month", organisation_id, month
        )
    )
