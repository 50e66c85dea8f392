"""The form that compares two models on the golden questions."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from inference.catalogue import offered_models
from instances.models import Instance


class ComparisonForm(forms.Form):
    """Two models that may answer in an instance."""

    first = forms.ChoiceField(label=_("First model"))
    second = forms.ChoiceField(label=_("Second model"))

    def __init__(self, instance: Instance, data: Any = None) -> None:
        super().__init__(data)
        models = [(model.id, model.label) for model in offered_models(instance)]
        for name in ("first", "second"):
            field = cast(forms.ChoiceField, self.fields[name])
            field.choices = models
        if len(models) > 1:
            self.fields["second"].initial = models[1][0]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("first") and cleaned.get("first") == cleaned.get("second"):
            raise forms.ValidationError(_("Choose two different models."))
        return cleaned
