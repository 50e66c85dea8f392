"""The form that searches the audit log."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from instances.audit import Action
from instances.audit.reading import Place, Search, end_of

# Dates outside this range overflow in Python or PostgreSQL.
_FIRST_DAY, _LAST_DAY = date(1970, 1, 1), date(9000, 1, 1)


def _day_field(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        validators=[MinValueValidator(_FIRST_DAY), MaxValueValidator(_LAST_DAY)],
    )


class AuditSearchForm(forms.Form):
    """Filters of the log; invalid values are ignored."""

    person = forms.CharField(label=_("Person"), required=False, max_length=100)
    action = forms.ChoiceField(label=_("Action"), required=False)
    place = forms.CharField(label=_("Place"), required=False, max_length=100)
    since = _day_field(_("From"))
    until = _day_field(_("To"))

    def __init__(self, *args: Any, has_places: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        action: Any = self.fields["action"]
        by_label = sorted(Action.choices, key=lambda choice: str(choice[1]))
        action.choices = [("", _("Anything")), *by_label]
        if not has_places:
            del self.fields["place"]

    def search(self) -> Search:
        """Return the valid filters."""
        self.is_valid()
        return Search(**{name: value for name, value in self.cleaned_data.items() if value})


class DayForm(forms.Form):
    """The day at which to open the log; an invalid one is ignored."""

    # Its button submits the search with it.
    day = _day_field(_("Go to a day"))
    day.widget.attrs["form"] = "audit-search"

    def place(self) -> Place | None:
        """Return the position at which the day begins, its latest entry first."""
        self.is_valid()
        day = self.cleaned_data.get("day")
        return end_of(day) if day else None
