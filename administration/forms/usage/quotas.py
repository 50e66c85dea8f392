"""The form of a quota."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from usage.models import Quota

_Per = Quota.Per
# For whom a quota of the site, an organisation or an instance may be.
_SUBJECTS = {
    "instance": [_Per.MEMBER, _Per.KEY, _Per.INSTANCE],
    "organisation": [_Per.MEMBER, _Per.KEY, _Per.INSTANCE, _Per.ORGANISATION],
    "site": [_Per.MEMBER, _Per.KEY, _Per.INSTANCE, _Per.ORGANISATION, _Per.SITE],
}
# At its own level there is one of them.
_OWN_LABELS: Mapping[str, Mapping[str, Any]] = {
    "instance": {_Per.INSTANCE: _("The whole instance")},
    "organisation": {_Per.ORGANISATION: _("The whole organisation")},
}
_WHOLE = (Quota.Measure.REQUESTS, Quota.Measure.TOKENS)


def subject_labels(level: str) -> dict[str, Any]:
    """Return for whom a quota at ``level`` may be, by value of ``Quota.per``."""
    own = _OWN_LABELS.get(level, {})
    return {str(per): own.get(per, per.label) for per in _SUBJECTS[level]}


class QuotaForm(forms.ModelForm):
    """``level`` is ``site``, ``organisation`` or ``instance``; ``models`` are names by alias."""

    model = forms.ChoiceField(label=_("Model"), required=False)

    class Meta:
        model = Quota
        fields = ["per", "measure", "amount", "period", "model", "warning_percent", "is_hard"]
        help_texts = {
            "amount": _("Requests and tokens in whole numbers, energy in Wh, cost in euros."),
            "warning_percent": _("From this part on, people read how much is left."),
            "is_hard": _("Otherwise the quota only warns."),
        }

    def __init__(self, *args: Any, level: str, models: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["per"] = forms.ChoiceField(
            label=_("Applies to"), choices=list(subject_labels(level).items())
        )
        # A model that was removed meanwhile remains chosen.
        chosen = {self.instance.model: self.instance.model} if self.instance.model else {}
        names = {"": _("All models together")} | chosen | dict(models)
        model: Any = self.fields["model"]
        model.choices = list(names.items())
        self.initial["amount"] = f"{self.instance.amount.normalize():f}" if self.instance.pk else ""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        amount = cleaned.get("amount")
        if amount is not None and cleaned.get("measure") in _WHOLE and amount % 1:
            self.add_error("amount", _("Write a whole number of requests or tokens."))
        return cleaned

    def validate_unique(self) -> None:
        """Refuse a second quota of a kind at the same place, which is not a field of the form."""
        try:
            self.instance.validate_constraints()
        except ValidationError as error:
            self.add_error(None, error)
