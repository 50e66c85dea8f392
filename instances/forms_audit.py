"""The form by which the audit log is searched."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from instances.audit import Action
from instances.audit_reading import Search


class AuditSearchForm(forms.Form):
    """What to show of the log; whatever makes no sense counts as not given."""

    person = forms.CharField(label=_("Person"), required=False, max_length=100)
    action = forms.ChoiceField(label=_("What happened"), required=False)
    place = forms.CharField(label=_("Place"), required=False, max_length=100)
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: Any, has_places: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        action: Any = self.fields["action"]
        by_label = sorted(Action.choices, key=lambda choice: str(choice[1]))
        action.choices = [("", _("Anything")), *by_label]
        if not has_places:
            del self.fields["place"]

    def search(self) -> Search:
        """What was asked for."""
        self.is_valid()
        return Search(**{name: value for name, value in self.cleaned_data.items() if value})
