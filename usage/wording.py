"""Amounts of time, energy, carbon, water and money in the reader's language."""

from decimal import ROUND_HALF_UP, Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _

_NO_BREAK = "\u00a0"
_SIGNIFICANT = 2


def amount(value: float, unit: str) -> str:
    """Return a number with two significant digits and its unit."""
    return f"{number(value)}{_NO_BREAK}{unit}"


def number(value: float) -> str:
    """Return a number with two significant digits."""
    significant = Decimal(f"{value:.{_SIGNIFICANT}g}").normalize()
    exponent = significant.as_tuple().exponent
    decimals = max(0, -exponent) if isinstance(exponent, int) else 0
    return number_format(significant, decimals, force_grouping=True)


def rounded(value: Decimal | float, decimals: int) -> str:
    """Return a number with so many decimals, rounded half up."""
    # Django's number_format cuts digits off.
    nearest = Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return number_format(nearest, decimals, force_grouping=True)


def count(value: int) -> str:
    """Return a whole number."""
    return number_format(value, 0, force_grouping=True)


def energy(wh: float) -> str:
    """Return an energy in the unit that suits its size; what was saved may be negative."""
    if abs(wh) >= 1000:
        return amount(wh / 1000, "kWh")
    if abs(wh) >= 0.1 or wh == 0:
        return amount(wh, "Wh")
    return amount(wh * 1000, "mWh")


def energy_range(low_wh: float, high_wh: float) -> str:
    """Return a range of energy, in one unit."""
    unit, factor = ("Wh", 1.0) if high_wh >= 0.1 else ("mWh", 1000.0)
    low, high = number(low_wh * factor), number(high_wh * factor)
    return _between(low, high, unit)


def carbon_range(low_g: float, high_g: float) -> str:
    """Return a range of greenhouse gases, in one unit."""
    unit, factor = (_("g CO₂e"), 1.0) if high_g >= 0.1 else (_("mg CO₂e"), 1000.0)
    return _between(number(low_g * factor), number(high_g * factor), unit)


def money_range(low: Decimal, high: Decimal, currency: str) -> str:
    """Return a range of prices."""
    return _between(number(float(low)), number(float(high)), _symbol(currency))


def seconds_range(low_ms: float, high_ms: float) -> str:
    """Return a range of time in whole seconds."""
    low, high = (number_format(max(1, round(ms / 1000)), 0) for ms in (low_ms, high_ms))
    return _between(low, high, "s")


def _between(low: str, high: str, unit: str) -> str:
    if low == high:
        return f"{high}{_NO_BREAK}{unit}"
    values = {"low": low, "high": f"{high}{_NO_BREAK}{unit}"}
    return _("%(low)s to %(high)s") % values


def carbon(grams: float) -> str:
    """Return greenhouse gases in the unit that suits their size."""
    if grams >= 1000:
        return amount(grams / 1000, _("kg CO₂e"))
    if grams >= 0.1 or grams == 0:
        return amount(grams, _("g CO₂e"))
    return amount(grams * 1000, _("mg CO₂e"))


def water(litres: float) -> str:
    """Return a volume in the unit that suits its size."""
    return amount(litres, _("L")) if litres >= 0.1 else amount(litres * 1000, _("mL"))


def wait(seconds: int) -> str:
    """Return an expected wait: seconds up to a minute, then minutes."""
    if seconds <= 60:
        return f"{count(seconds)}{_NO_BREAK}s"
    return f"{count(seconds // 60)}{_NO_BREAK}min"


def length_of_recordings(seconds: float) -> str:
    """Return the length of recordings: whole minutes, from an hour on hours and minutes."""
    minutes = max(1, round(seconds / 60)) if seconds else 0
    if minutes < 60:
        return f"{count(minutes)}{_NO_BREAK}min"
    return f"{count(minutes // 60)}{_NO_BREAK}h{_NO_BREAK}{minutes % 60:02d}{_NO_BREAK}min"


def seconds(milliseconds: float) -> str:
    """Return a duration: milliseconds, seconds with one digit up to ten, whole seconds."""
    if milliseconds < 95:
        return amount(milliseconds, "ms")
    return f"{rounded(milliseconds / 1000, 1 if milliseconds < 9950 else 0)}{_NO_BREAK}s"


def money(value: Decimal, currency: str) -> str:
    """Return a price."""
    return amount(float(value), _symbol(currency))


def _symbol(currency: str) -> str:
    return "€" if currency == "EUR" else currency
