"""Forms of the conversation, posted as JSON or as plain forms."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat.confidentiality.question_guard import Decision
from chat.conversations.turns import MAX_QUESTION_CHARS
from chat.ratings import KINDS, RatingSearch
from retrieval.search import MAX_DOCUMENTS

# They are in the address of the page.
MAX_DOCUMENTS_ASKED_ABOUT = 100


class UUIDListField(forms.Field):
    """A list of UUIDs, from JSON or from the fields of a form; empty when it is missing."""

    widget = forms.MultipleHiddenInput

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_length = max_length

    def to_python(self, value: Any) -> list[Any]:
        """Return the UUIDs; raises ValidationError if one is invalid or they are too many."""
        if value is not None and not isinstance(value, list):
            raise forms.ValidationError("document_ids is not a list")
        if len(value or []) > self.max_length:
            raise forms.ValidationError(
                _("Choose %(n)s documents at most."), params={"n": self.max_length}
            )
        one = forms.UUIDField()
        return [one.clean(item) for item in value or []]


class GuardedForm(forms.Form):
    """The model that answers, and what to do with personal data in the question."""

    model = forms.CharField(max_length=200, required=False)
    personal_data = forms.ChoiceField(
        required=False, choices=[(decision.value, decision.value) for decision in Decision]
    )


class AskForm(GuardedForm):
    """A question, its conversation, and the documents that it is restricted to."""

    question = forms.CharField(max_length=MAX_QUESTION_CHARS)
    conversation = forms.UUIDField(required=False)
    document_ids = UUIDListField(max_length=MAX_DOCUMENTS, required=False)


class AboutForm(forms.Form):
    """The documents that a new conversation is about."""

    document = UUIDListField(max_length=MAX_DOCUMENTS_ASKED_ABOUT, required=False)


class EditForm(GuardedForm):
    """A question in other words."""

    question = forms.CharField(max_length=MAX_QUESTION_CHARS)


class RegenerateForm(GuardedForm):
    """The model for another answer."""


class FeedbackForm(forms.Form):
    """A reader's rating of an answer; ``helpful`` is None to remove it."""

    helpful = forms.NullBooleanField()
    comment = forms.CharField(max_length=2000, required=False)

    def clean_helpful(self) -> bool | None:
        """Return the rating; raises ValidationError when it is missing."""
        if "helpful" not in self.data:
            raise forms.ValidationError("helpful is missing")
        helpful: bool | None = self.cleaned_data["helpful"]
        if helpful is None and self.data["helpful"] not in (None, ""):
            raise forms.ValidationError("helpful is neither true nor false")
        return helpful


class RatingSearchForm(forms.Form):
    """Filters of the ratings; invalid values are ignored."""

    kind = forms.ChoiceField(label=gettext_lazy("Show"), required=False, choices=KINDS)
    days = forms.TypedChoiceField(
        label=gettext_lazy("Period"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[
            ("", gettext_lazy("All time")),
            (30, gettext_lazy("Last 30 days")),
            (90, gettext_lazy("Last 90 days")),
            (365, gettext_lazy("Last 12 months")),
        ],
    )

    def search(self) -> RatingSearch:
        """Return the valid filters."""
        self.is_valid()
        return RatingSearch(
            kind=self.cleaned_data.get("kind", ""), days=self.cleaned_data.get("days") or 0
        )


class RenameForm(forms.Form):
    """A conversation's new title."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
