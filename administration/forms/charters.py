"""The form of a version of a usage charter."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from instances.models import Charter


class CharterForm(forms.ModelForm):
    """A new version, in French, in English, or both."""

    class Meta:
        model = Charter
        fields = ["text_fr", "text_en"]
        widgets = {
            "text_fr": forms.Textarea(attrs={"rows": 12, "lang": "fr"}),
            "text_en": forms.Textarea(attrs={"rows": 12, "lang": "en"}),
        }
        help_texts = {
            "text_fr": _(
                "An empty line begins a new paragraph; a line that begins with a hyphen is an item "
                "of a list. Addresses become links."
            ),
            "text_en": _("Readers in English see the French text if this is empty."),
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("text_fr") and not cleaned.get("text_en") and not self.errors:
            raise forms.ValidationError(_("Write the text in one language at least."))
        return cleaned
