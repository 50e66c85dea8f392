"""Forms of the conversation, posted as JSON or as plain forms."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat.confidentiality.question_guard import Decision
from chat.conversations.turns import MAX_QUESTION_CHARS
from chat.exports.formats import FORMATS
from chat.organising.changes import Action
from chat.ratings import KINDS, RatingSearch
from retrieval.filters.choosing import ChosenFilter
from retrieval.search import MAX_DOCUMENTS

# They are in the address of the page.
MAX_DOCUMENTS_ASKED_ABOUT = 100
MAX_SEARCH_CHARS = 500
# More than a page of their list has.
MAX_ORGANISED = 100
MAX_FOLDER_CHARS = 100
_DAY = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
FILTERS = ("folder", "tag", "kind", "since", "until")


class UUIDListField(forms.Field):
    """A list of UUIDs, from JSON or from the fields of a form; empty when it is missing."""

    widget = forms.MultipleHiddenInput

    def __init__(self, *, max_length: int, too_many: Any = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_length = max_length
        self.too_many = too_many or gettext_lazy("Choose %(n)s documents at most.")

    def to_python(self, value: Any) -> list[Any]:
        """Return the UUIDs; raises ValidationError if one is invalid or they are too many."""
        if value is not None and not isinstance(value, list):
            raise forms.ValidationError("This is not a list of ids")
        if len(value or []) > self.max_length:
            raise forms.ValidationError(
                self.too_many, code="too_many", params={"n": self.max_length}
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
    attachments_only = forms.BooleanField(required=False)
    # Whether a new conversation is temporary.
    temporary = forms.BooleanField(required=False)


class AttachmentForm(forms.Form):
    """A file, and the conversation to which it is attached; without one, a new one."""

    file = forms.FileField(allow_empty_file=True)
    conversation = forms.UUIDField(required=False)
    temporary = forms.BooleanField(required=False)


class AboutForm(forms.Form):
    """The documents that a new conversation is about."""

    document = UUIDListField(max_length=MAX_DOCUMENTS_ASKED_ABOUT, required=False)


class EditForm(GuardedForm):
    """A question in other words."""

    question = forms.CharField(max_length=MAX_QUESTION_CHARS)


class RegenerateForm(GuardedForm):
    """The model for another answer, and whether it is searched for in all documents."""

    all_documents = forms.BooleanField(required=False)


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


class PresenceForm(forms.Form):
    """Whether the page of a temporary conversation was left."""

    left = forms.BooleanField(required=False)


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


class PassageSearchForm(forms.Form):
    """A search for passages, and the documents in which to search."""

    q = forms.CharField(label=gettext_lazy("Search"), max_length=MAX_SEARCH_CHARS, required=False)
    folder = forms.CharField(label=gettext_lazy("Folder"), max_length=500, required=False)
    tag = forms.CharField(label=gettext_lazy("Tag"), max_length=50, required=False)
    kind = forms.CharField(label=gettext_lazy("Kind of document"), max_length=60, required=False)
    since = forms.DateField(label=gettext_lazy("Dated since"), required=False, widget=_DAY)
    until = forms.DateField(label=gettext_lazy("Dated until"), required=False, widget=_DAY)
    # Whether all documents are searched even if the words name a kind or a date of them.
    all = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("folder", "tag", "kind"):
            self.fields[name].widget.attrs |= {"list": f"{name}-names", "autocomplete": "off"}

    def clean(self) -> dict[str, Any] | None:
        """Refuse days in the wrong order."""
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and since > until:
            self.add_error("until", _("This day is before the first one."))
        return super().clean()

    @property
    def query(self) -> str:
        """The words to look for; "" without any, or when a field is not valid."""
        return str(self.cleaned_data["q"]) if self.is_valid() else ""

    @property
    def filter_fields(self) -> list[forms.BoundField]:
        """The fields of the filter."""
        return [self[name] for name in FILTERS]

    def chosen(self) -> ChosenFilter:
        """Return the filter of a valid form."""
        return ChosenFilter(**{name: self.cleaned_data[name] for name in FILTERS})


class OrganiseForm(forms.Form):
    """Conversations, and what to do with them."""

    conversation = UUIDListField(
        max_length=MAX_ORGANISED,
        too_many=gettext_lazy("Choose %(n)s conversations at most."),
        error_messages={"required": gettext_lazy("Tick at least one conversation first.")},
    )
    action = forms.ChoiceField(choices=[(action.value, action.value) for action in Action])
    # To move them: a folder (0 for none), or the name of a new one.
    folder = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1)
    name = forms.CharField(max_length=MAX_FOLDER_CHARS, required=False)
    # To delete them.
    confirmed = forms.BooleanField(required=False)
    # To export them: of ``chat.exports.formats``.
    export_format = forms.ChoiceField(
        required=False, choices=[(name, each.name) for name, each in FORMATS.items()]
    )


class FolderForm(forms.Form):
    """The name of a folder of conversations."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=MAX_FOLDER_CHARS)


class RenameForm(forms.Form):
    """A conversation's new title."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
