"""What a browser may send to the conversation's endpoints."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from chat.conversations.turns import MAX_QUESTION_CHARS
from retrieval.search import MAX_DOCUMENTS


class UUIDListField(forms.Field):
    """A list of a few UUIDs, none when it is left out."""

    def to_python(self, value: Any) -> list[Any]:
        """Return the UUIDs; raises ValidationError when one is none, or they are too many."""
        if value is not None and not isinstance(value, list):
            raise forms.ValidationError("document_ids is no list")
        if len(value or []) > MAX_DOCUMENTS:
            raise forms.ValidationError(
                _("Choose %(n)s documents at most."), params={"n": MAX_DOCUMENTS}
            )
        one = forms.UUIDField()
        return [one.clean(item) for item in value or []]


class AskForm(forms.Form):
    """A question, where it is asked, and of what."""

    question = forms.CharField(max_length=MAX_QUESTION_CHARS)
    conversation = forms.UUIDField(required=False)
    document_ids = UUIDListField(required=False)
    model = forms.CharField(max_length=200, required=False)


class EditForm(forms.Form):
    """A question in other words."""

    question = forms.CharField(max_length=MAX_QUESTION_CHARS)
    model = forms.CharField(max_length=200, required=False)


class RegenerateForm(forms.Form):
    """The model that is to answer again."""

    model = forms.CharField(max_length=200, required=False)


class FeedbackForm(forms.Form):
    """What a reader thought of an answer."""

    helpful = forms.NullBooleanField()
    comment = forms.CharField(max_length=2000, required=False)

    def clean_helpful(self) -> bool:
        """Return the verdict; raises ValidationError when there is none."""
        helpful = self.cleaned_data["helpful"]
        if helpful is None:
            raise forms.ValidationError("helpful is missing")
        return bool(helpful)


class RenameForm(forms.Form):
    """A conversation's new title."""

    title = forms.CharField(max_length=200)
