"""Amounts of money: what is owed, and how people read them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from usage.wording import rounded

_LESS_THAN = "<\u00a0"


def money(amount: Decimal, currency: str) -> str:
    """An amount in its currency; small ones with four decimals, as tokens cost little."""
    decimals = 2 if abs(amount) >= 1 or not amount else 4
    smallest = Decimal(1).scaleb(-decimals)
    is_less = 0 < amount < smallest / 2
    shown = rounded(smallest if is_less else amount, decimals)
    return f"{_LESS_THAN if is_less else ''}{shown}\u00a0{currency}"


def balance_of(
    charged: Iterable[Mapping[str, Decimal]], credited: Mapping[str, Decimal]
) -> dict[str, Decimal]:
    """What is owed in all, by currency; negative: what one is owed."""
    owed: dict[str, Decimal] = defaultdict(Decimal)
    for amounts in charged:
        for currency, amount in amounts.items():
            owed[currency] += amount
    for currency, amount in credited.items():
        owed[currency] -= amount
    return dict(owed)


def sums_of_money(totals: Mapping[str, Decimal]) -> str:
    """The amounts of several currencies; "0" if there are none."""
    return " + ".join(money(amount, currency) for currency, amount in sorted(totals.items())) or "0"
