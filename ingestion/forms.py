"""Forms of the documents' pages."""

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ingestion.documents.kinds import KINDS
from ingestion.documents.metadata import split_tags
from ingestion.documents.page_pictures import WIDTHS
from ingestion.documents.queries import SORTS, STATES, DocumentFilter
from ingestion.models import MAX_TAG_CHARS, MAX_TAGS
from instances.models import Sensitivity

BULK_LIMIT = 1000


class DocumentFilterForm(forms.Form):
    """The query string of the list; invalid values are ignored."""

    q = forms.CharField(required=False, max_length=200)
    status = forms.ChoiceField(required=False, choices=[(state, state) for state in STATES])
    type = forms.ChoiceField(required=False, choices=[(kind, kind) for kind in KINDS])
    level = forms.ChoiceField(required=False, choices=Sensitivity)
    tag = forms.CharField(required=False, max_length=MAX_TAG_CHARS)
    sort = forms.ChoiceField(required=False, choices=[(sort, sort) for sort in SORTS])
    page = forms.IntegerField(required=False, min_value=1, max_value=1_000_000)
    only = forms.UUIDField(required=False)

    def chosen(self) -> DocumentFilter:
        """Return the filter given by the query string."""
        self.is_valid()
        given = self.cleaned_data
        return DocumentFilter(
            query=given.get("q") or "",
            state=given.get("status") or "",
            kind=given.get("type") or "",
            level=given.get("level") or "",
            tag=given.get("tag") or "",
            sort=given.get("sort") or DocumentFilter.sort,
            page=given.get("page") or 1,
            only=given.get("only"),
        )


class GroupForm(forms.Form):
    """A folder or a tag, and so all its documents."""

    folder = forms.CharField(max_length=500, strip=False, required=False)
    tag = forms.CharField(max_length=MAX_TAG_CHARS, required=False)

    def clean(self) -> dict[str, Any]:
        """Require one of them."""
        given = super().clean() or {}
        if not (given.get("folder") or given.get("tag")):
            raise ValidationError("a folder or a tag")
        return given


class PictureForm(forms.Form):
    """The width of a page's picture, in pixels."""

    width = forms.IntegerField(required=False, min_value=1, max_value=100_000)

    def chosen_width(self) -> int:
        """Return the least of ``WIDTHS`` that is not below the width asked for, or the greatest."""
        self.is_valid()
        asked = self.cleaned_data.get("width") or WIDTHS[0]
        return next((width for width in WIDTHS if width >= asked), WIDTHS[-1])


class TitleForm(forms.Form):
    """A document's title; without one the file name is shown."""

    title = forms.CharField(required=False, max_length=500)


class TagsField(forms.CharField):
    """Tags, separated by commas."""

    def clean(self, value: Any) -> list[str]:
        """Return the tags; raises ValidationError if one is too long, or too many."""
        try:
            return split_tags(super().clean(value))
        except ValueError as error:
            text = _("At most %(n)s tags, of at most %(chars)s characters each.")
            limits = {"n": MAX_TAGS, "chars": MAX_TAG_CHARS}
            raise ValidationError(text % limits) from error


def _line(**attributes: str) -> forms.TextInput:
    """Return a text field, which the browser does not complete from others."""
    return forms.TextInput(
        attrs={"class": "input", "autocomplete": "off", "data-kept": "", "dir": "auto"} | attributes
    )


class MetadataForm(forms.Form):
    """What people say of a document."""

    author = forms.CharField(label=_("Author"), required=False, max_length=200, widget=_line())
    category = forms.CharField(
        label=_("Kind of document"),
        required=False,
        max_length=60,
        help_text=_("For example circular, contract, minutes"),
        widget=_line(list="document-categories"),
    )
    dated = forms.DateField(
        label=_("Date of the document"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "input"}, format="%Y-%m-%d"),
    )
    folder = forms.CharField(label=_("Folder"), required=False, max_length=500, widget=_line())
    tags = TagsField(
        label=_("Tags"), required=False, help_text=_("Separated by commas"), widget=_line()
    )


class SensitivityForm(forms.Form):
    """The sensitivity of a document: that of its instance, or a higher one."""

    sensitivity = forms.ChoiceField(choices=Sensitivity)


class UploadForm(forms.Form):
    """One file with its folder and level, or with the document of which it is a new version."""

    file = forms.FileField(allow_empty_file=True)
    folder = forms.CharField(required=False, max_length=2000)
    sensitivity = forms.ChoiceField(required=False, choices=Sensitivity)
    replaces = forms.UUIDField(required=False)
    # Of the file, if it has one; never stored.
    password = forms.CharField(required=False, max_length=1000, strip=False)


class FolderActionForm(forms.Form):
    """What to do with the files of a folder that one person is adding."""

    folder = forms.CharField(max_length=500)
    action = forms.ChoiceField(choices=[(name, name) for name in ("first", "cancel")])


class UUIDListField(forms.Field):
    """A field with several identifiers."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[UUID]:
        """Return the identifiers, at most BULK_LIMIT."""
        try:
            return [UUID(text) for text in (value or [])[:BULK_LIMIT]]
        except ValueError as error:
            raise ValidationError(_("This is not a document.")) from error


class BulkForm(forms.Form):
    """An action on the selected documents; deletion requires ``confirmed``."""

    action = forms.ChoiceField(
        choices=[
            (name, name) for name in ("first", "retry", "reindex", "move", "tag", "untag", "delete")
        ]
    )
    folder = forms.CharField(required=False, max_length=500)
    tags = TagsField(required=False)
    document = UUIDListField()
    # All that match the filter of the list, instead of the ticked ones.
    all = forms.BooleanField(required=False)
    confirmed = forms.BooleanField(required=False)


class ViewerForm(forms.Form):
    """The position in a document that a link points to."""

    page = forms.IntegerField(required=False, min_value=1, max_value=1_000_000)
    chunk = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    q = forms.CharField(required=False, max_length=200)
