"""The form that starts a run of the golden questions."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from inference.catalogue import choose_model
from instances.models import Instance


class RunForm(forms.Form):
    """Whether the model of the instance writes the answers."""

    is_by_model = forms.BooleanField(required=False)

    def __init__(self, instance: Instance, data: Any = None) -> None:
        super().__init__(data)
        model = choose_model(instance)
        self.has_model = not model.is_extractive
        self.fields["is_by_model"].label = _("Answers by %(model)s") % {"model": model.label}
        self.fields["is_by_model"].help_text = _(
            "Otherwise extracts answer, which costs next to nothing. The quotas apply."
        )
        if not self.has_model:
            del self.fields["is_by_model"]

    @property
    def wants_model(self) -> bool:
        """Whether the model is to answer, of a valid form."""
        return self.has_model and bool(self.cleaned_data.get("is_by_model"))
