"""Filters that write figures with a fitting unit, in the reader's language."""

from collections.abc import Mapping
from decimal import Decimal

from babel.numbers import format_percent
from django import template
from django.utils.translation import get_language

from usage import wording
from usage.models import UsageRecord
from usage.statements.money import money, sums_of_money

register = template.Library()


for write in (
    *(wording.energy, wording.carbon, wording.water, wording.seconds),
    wording.length_of_recordings,
):
    register.filter(write)


@register.filter
def percent(share: float) -> str:
    """A share of one in percent."""
    return format_percent(share, locale=get_language())


@register.filter
def percent_of(value: float, maximum: float) -> float:
    """The length of a bar, from 0 to 100."""
    return round(100 * value / maximum, 2) if maximum else 0.0


@register.filter
def amount(value: Decimal, currency: str) -> str:
    """An amount of money in its currency."""
    return money(value, currency)


@register.filter
def amounts(totals: Mapping[str, Decimal]) -> str:
    """Amounts of money by currency."""
    return sums_of_money(totals)


@register.filter
def method_label(method: str) -> str:
    """The name of a method of measurement."""
    try:
        return str(UsageRecord.Method(method).label)
    except ValueError:
        return method
