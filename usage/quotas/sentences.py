"""Quotas in words, in the reader's language."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from usage import wording
from usage.models import Quota
from usage.prices import CURRENCY
from usage.quotas.standings import Standing

_PERIODS: Mapping[str, Promise] = {
    Quota.Period.HOUR: gettext_lazy("%(amount)s an hour"),
    Quota.Period.DAY: gettext_lazy("%(amount)s a day"),
    Quota.Period.MONTH: gettext_lazy("%(amount)s a month"),
}
_WHOSE: Mapping[str, Promise] = {
    Quota.Per.MEMBER: gettext_lazy("Your quota"),
    Quota.Per.KEY: gettext_lazy("Quota of this API key"),
    Quota.Per.INSTANCE: gettext_lazy("Quota of this instance"),
    Quota.Per.ORGANISATION: gettext_lazy("Quota of the organisation"),
    Quota.Per.SITE: gettext_lazy("Quota of this site"),
}
_REACHED: Mapping[str, Promise] = {
    Quota.Per.MEMBER: gettext_lazy("You have used up your quota of %(limit)s."),
    Quota.Per.KEY: gettext_lazy("This API key has used up its quota of %(limit)s."),
    Quota.Per.INSTANCE: gettext_lazy("This instance has used up its quota of %(limit)s."),
    Quota.Per.ORGANISATION: gettext_lazy("Your organisation has used up its quota of %(limit)s."),
    Quota.Per.SITE: gettext_lazy("This site has used up its quota of %(limit)s."),
}


def limit(quota: Quota) -> str:
    """Return the limit, as "50 requests a day"."""
    amount = amount_of(quota.measure, quota.amount)
    text = str(_PERIODS[quota.period]) % {"amount": amount}
    if quota.model:
        return _("%(limit)s with the model %(model)s") % {"limit": text, "model": quota.model}
    return text


def amount_of(measure: str, amount: Decimal) -> str:
    """Return an amount with its unit."""
    return _AMOUNTS[measure](amount)


def whose(quota: Quota) -> str:
    """Return whose quota it is, for the person who reads it."""
    return str(_WHOSE[quota.per])


def usage_line(standing: Standing) -> str:
    """Return what is used, as "Your quota: 12 of 50 requests a day"."""
    quota = standing.quota
    return _("%(whose)s: %(used)s of %(limit)s") % {
        "whose": whose(quota),
        "used": _used(quota.measure, standing.used),
        "limit": limit(quota),
    }


def reached(standing: Standing, *, contact: str) -> str:
    """Return that a quota is used up, until when, and whom to ask."""
    sentences = [
        used_up(standing.quota),
        _("It resets on %(time)s.") % {"time": shown_time(standing.window.ends_at)},
        remedy(standing.quota),
        _("To request more, contact %(contact)s.") % {"contact": contact},
    ]
    return " ".join(filter(None, sentences))


def used_up(quota: Quota) -> str:
    """Return that a quota is used up."""
    return str(_REACHED[quota.per]) % {"limit": limit(quota)}


def remedy(quota: Quota) -> str:
    """Return what still works when a quota is used up; "" for nothing."""
    if quota.model:
        return _("Until then, choose another model.")
    if quota.measure in (Quota.Measure.TOKENS, Quota.Measure.COST):
        return _("Until then, choose extracts, which use no generative AI.")
    return ""


def shown_time(time: datetime) -> str:
    """Return a time in the time zone of the site; scripts show it in the reader's."""
    return date_format(timezone.localtime(time), "SHORT_DATETIME_FORMAT")


def _used(measure: str, amount: Decimal) -> str:
    """Return what is used; of requests and tokens without the unit, which the limit names."""
    if measure in (Quota.Measure.REQUESTS, Quota.Measure.TOKENS):
        return wording.count(int(amount))
    return amount_of(measure, amount)


def _requests(amount: Decimal) -> str:
    n = int(amount)
    return ngettext("%(n)s request", "%(n)s requests", n) % {"n": wording.count(n)}


def _tokens(amount: Decimal) -> str:
    n = int(amount)
    return ngettext("%(n)s token", "%(n)s tokens", n) % {"n": wording.count(n)}


_AMOUNTS: Mapping[str, Callable[[Decimal], str]] = {
    Quota.Measure.REQUESTS: _requests,
    Quota.Measure.TOKENS: _tokens,
    Quota.Measure.ENERGY: lambda amount: wording.energy(float(amount)),
    Quota.Measure.COST: lambda amount: wording.money(amount, CURRENCY),
}
