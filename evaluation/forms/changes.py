"""The form of the policy: schedule of the runs, and changes that are held back."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from evaluation.models import EvaluationPolicy
from inference.catalogue import choose_model


class PolicyForm(forms.ModelForm):
    """When the golden questions are asked by themselves."""

    tries_versions = forms.BooleanField(
        label=_("Hold back new versions of documents that lower the score"),
        required=False,
        help_text=_(
            "The golden questions are asked with a new version before it answers. If fewer pass "
            "than before, an administrator decides."
        ),
    )

    class Meta:
        model = EvaluationPolicy
        fields = ["schedule", "is_by_model", "holds_back"]
        labels = {
            "schedule": _("Run on schedule"),
            "is_by_model": _("Have the model answer in runs on schedule"),
        }
        help_texts = {
            "is_by_model": _("Otherwise extracts answer, which costs next to nothing."),
            "holds_back": _(
                "A change of strictness, passages, model or instructions is first tried on the "
                "golden questions. If fewer pass than before, an administrator decides."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tries_versions"].initial = self.instance.instance.tries_versions
        if choose_model(self.instance.instance).is_extractive:
            del self.fields["is_by_model"]
