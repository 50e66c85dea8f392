"""The form of the page that inspects a question, with settings to try beside the present ones."""

from dataclasses import replace
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from evaluation.tried_settings import TriedSettings, strictness_choices
from inference.catalogue import offered_models
from instances.models import Instance

MAX_QUESTION_CHARS = 8000


class InspectionForm(forms.Form):
    """A question, and settings that are those of the instance unless they are changed."""

    question = forms.CharField(
        label=_("Question"),
        max_length=MAX_QUESTION_CHARS,
        widget=forms.Textarea(attrs={"rows": 2, "class": "input"}),
    )
    strictness = forms.ChoiceField(label=_("Strictness"))
    top_k = forms.IntegerField(label=_("Passages per answer"), min_value=1, max_value=20)
    model_id = forms.ChoiceField(label=_("Model"), required=False)
    instructions = forms.CharField(
        label=_("Instructions"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, instance: Instance, data: Any = None, *, question: str = "") -> None:
        self._present = TriedSettings.of(instance)
        super().__init__(data, initial=self._present.as_json() | {"question": question})
        strictness = cast(forms.ChoiceField, self.fields["strictness"])
        strictness.choices = strictness_choices(instance)
        models = [(model.id, model.label) for model in offered_models(instance)]
        chosen = cast(forms.ChoiceField, self.fields["model_id"])
        chosen.choices = [("", _("Recommended by this site")), *models]

    def settings(self) -> TriedSettings:
        """The settings to try, of a valid form."""
        present = self._present
        names = [name for name in present.as_json() if name in self.cleaned_data]
        return replace(present, **{name: self.cleaned_data[name] for name in names})

    @property
    def tried_fields(self) -> list[forms.BoundField]:
        """The fields of the settings."""
        return [self[name] for name in ("strictness", "top_k", "model_id", "instructions")]
