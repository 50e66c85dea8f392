"""The form that chooses the period of a dashboard."""

from datetime import date

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from usage.dashboards.periods import MAX_DAYS, Period

LENGTHS = [("month", _("Month")), ("quarter", _("Quarter")), ("year", _("Year"))]
# Dates outside this range overflow when a period before or after is computed.
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)


def _day_field() -> forms.DateField:
    return forms.DateField(
        required=False,
        validators=[MinValueValidator(_FIRST_DAY), MaxValueValidator(_LAST_DAY)],
    )


class PeriodForm(forms.Form):
    """A length around a day, or two dates; invalid values are ignored."""

    length = forms.ChoiceField(required=False, choices=LENGTHS)
    day = _day_field()
    since = _day_field()
    until = _day_field()

    def period(self) -> Period:
        """Return the chosen period; by default the current month."""
        self.is_valid()
        chosen = self.cleaned_data
        since, until = chosen.get("since"), chosen.get("until")
        if since and until and 0 <= (until - since).days < MAX_DAYS:
            return Period("dates", since, until)
        return Period.around(
            chosen.get("day") or timezone.localdate(), chosen.get("length") or "month"
        )
