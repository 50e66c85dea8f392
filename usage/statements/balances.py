"""The balances of all organisations for a month, which add up to zero."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from instances.models import Organisation
from usage.models import LedgerLine
from usage.statements.money import balance_of

Amounts = dict[str, Decimal]


def _amounts() -> Amounts:
    return defaultdict(Decimal)


@dataclass(slots=True)
class Balance:
    """What one side is charged and credited, by currency.

    ``organisation`` is None for the deployment, or a provider outside it.
    """

    organisation: Organisation | None
    service: Amounts = field(default_factory=_amounts)
    inference: Amounts = field(default_factory=_amounts)
    credited: Amounts = field(default_factory=_amounts)

    @property
    def due(self) -> Amounts:
        """What it owes in all; negative: what it is owed."""
        return balance_of([self.service, self.inference], self.credited)


def balances_of(month: date) -> list[Balance]:
    """The balance of every organisation with lines in the month, then the deployment's."""
    lines = (
        LedgerLine.objects.filter(month=month)
        .exclude(currency="")
        .values("ledger", "charged", "credited", "currency")
        .annotate(total=Sum("amount"))
    )
    found: dict[int | None, Balance] = {None: Balance(None)}
    for line in lines:
        charged, credited = (
            found.setdefault(line[side], Balance(None)) for side in ("charged", "credited")
        )
        ledger = (
            charged.service if line["ledger"] == LedgerLine.Ledger.SERVICE else charged.inference
        )
        ledger[line["currency"]] += line["total"]
        credited.credited[line["currency"]] += line["total"]
    organisations = Organisation.objects.in_bulk([pk for pk in found if pk is not None])
    for pk, balance in found.items():
        balance.organisation = organisations[pk] if pk is not None else None
    outside = found.pop(None)
    return [*sorted(found.values(), key=lambda one: str(one.organisation)), outside]
