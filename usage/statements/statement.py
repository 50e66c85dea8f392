"""What an organisation is charged and credited for a month, by cost centre."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from django.db.models import QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from instances.models import Organisation
from usage.dashboards.labels import model_label
from usage.models import LedgerLine, UsageRecord
from usage.rollups.calendar import first_of_month
from usage.statements.money import balance_of

Ledger = LedgerLine.Ledger

# What the lines of a statement tell apart: all but the instances.
_ACCOUNTS = ("cost_centre", "kind", "model", "backend_name", "currency")
_SUMS = ("requests", "prompt_tokens", "completion_tokens", "amount")


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One amount. ``partner`` is the other organisation; None: the deployment, or a provider.

    ``currency`` is "" where no price was set.
    """

    partner: str | None
    cost_centre: str
    kind: str
    model: str
    backend_name: str
    currency: str
    requests: int
    prompt_tokens: int
    completion_tokens: int
    amount: Decimal

    @property
    def partner_label(self) -> str:
        """The name of the other side."""
        return self.partner or _("This site, or its provider")

    @property
    def tokens(self) -> int:
        """Tokens read and written."""
        return self.prompt_tokens + self.completion_tokens

    @property
    def subject(self) -> str:
        """What was used: a kind of request, and the model."""
        kind = UsageRecord.Kind(self.kind).label
        return f"{kind} · {model_label(self.model)}" if self.model else str(kind)


@dataclass(frozen=True, slots=True)
class Account:
    """The lines of one ledger and one side."""

    name: Literal["service", "inference", "served"]
    lines: list[StatementLine]

    @property
    def title(self) -> str:
        """What the account contains."""
        return {
            "service": _("Service: charged to the organisation"),
            "inference": _("Inference: charged to the organisation"),
            "served": _("Inference: credited to the organisation, for its servers"),
        }[self.name]

    @property
    def totals(self) -> dict[str, Decimal]:
        """The sum of the amounts, by currency."""
        return _totals(self.lines)


@dataclass(frozen=True, slots=True)
class Statement:
    """The three accounts of an organisation for a month.

    Service and inference are separate ledgers. What the organisation's own servers did for itself
    is charged and credited.
    """

    organisation: Organisation
    month: date
    service: Account
    inference: Account
    served: Account

    @property
    def accounts(self) -> list[Account]:
        """The accounts, charges first."""
        return [self.service, self.inference, self.served]

    @property
    def is_provisional(self) -> bool:
        """Whether the month has not ended."""
        return self.month >= first_of_month(timezone.localdate())

    @property
    def balances(self) -> dict[str, Decimal]:
        """What the organisation owes in all, by currency; negative: what it is owed."""
        return balance_of([self.service.totals, self.inference.totals], self.served.totals)


def statement_of(organisation: Organisation, month: date) -> Statement:
    """The statement of the month that begins on ``month``."""
    charged = LedgerLine.objects.filter(charged=organisation, month=month)
    served = LedgerLine.objects.filter(credited=organisation, month=month)
    return Statement(
        organisation=organisation,
        month=month,
        service=Account("service", _lines(charged.filter(ledger=Ledger.SERVICE), "credited")),
        inference=Account("inference", _lines(charged.filter(ledger=Ledger.INFERENCE), "credited")),
        served=Account("served", _lines(served, "charged")),
    )


def _lines(rows: QuerySet[LedgerLine], partner: str) -> list[StatementLine]:
    """The lines of all instances together; ``partner`` is the field of the other side."""
    dimensions = (*_ACCOUNTS, f"{partner}__name")
    grouped: Iterable[dict[str, Any]] = (
        rows.values(*dimensions)
        .annotate(**{f"sum_{name}": Sum(name) for name in _SUMS})
        .order_by("cost_centre", f"{partner}__name", "model", "kind", "currency")
    )
    return [
        StatementLine(
            partner=row[f"{partner}__name"],
            **{name: row[name] for name in _ACCOUNTS},
            **{name: row[f"sum_{name}"] for name in _SUMS},
        )
        for row in grouped
    ]


def _totals(lines: Iterable[StatementLine]) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.currency:
            totals[line.currency] += line.amount
    return dict(totals)
