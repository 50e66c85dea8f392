"""Filters that write figures with a fitting unit, in the reader's language."""

from collections.abc import Mapping
from decimal import Decimal

from babel.numbers import format_percent
from django import template
from django.utils import formats
from django.utils.translation import get_language

from usage.models import UsageRecord
from usage.statements.money import money, sums_of_money

register = template.Library()


@register.filter
def energy(energy_wh: float) -> str:
    """An energy in Wh, from mWh to MWh."""
    return _scaled(energy_wh * 1000, ("mWh", "Wh", "kWh", "MWh"))


@register.filter
def mass(grams: float) -> str:
    """A mass in grams, from milligrams to tonnes."""
    return _scaled(grams * 1000, ("mg", "g", "kg", "t"))


@register.filter
def volume(litres: float) -> str:
    """A volume in litres, from millilitres to cubic metres."""
    return _scaled(litres * 1000, ("ml", "l", "m³"))


@register.filter
def seconds(milliseconds: float) -> str:
    """A duration in milliseconds, in seconds."""
    return f"{_number(milliseconds / 1000)}\u00a0s"


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


def _scaled(value: float, units: tuple[str, ...]) -> str:
    steps = 0
    while value >= 1000 and steps < len(units) - 1:
        value, steps = value / 1000, steps + 1
    return f"{_number(value)}\u00a0{units[steps]}"


def _number(value: float) -> str:
    """Three significant digits, and two decimals at most."""
    decimals = 0 if value >= 100 or not value else 1 if value >= 10 else 2
    return formats.number_format(value, decimal_pos=decimals, force_grouping=True)
