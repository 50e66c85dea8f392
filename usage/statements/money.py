"""Amounts of money as people read them."""

from collections.abc import Mapping
from decimal import Decimal

from django.utils import formats


def money(amount: Decimal, currency: str) -> str:
    """An amount in its currency; small ones with four decimals, as tokens cost little."""
    decimals = 2 if abs(amount) >= 1 or not amount else 4
    return f"{formats.number_format(amount, decimals, force_grouping=True)}\u00a0{currency}"


def sums_of_money(totals: Mapping[str, Decimal]) -> str:
    """The amounts of several currencies; "0" if there are none."""
    return " + ".join(money(amount, currency) for currency, amount in sorted(totals.items())) or "0"
