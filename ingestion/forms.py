"""Forms of the documents' pages."""

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ingestion.documents.kinds import KINDS
from ingestion.documents.page_pictures import WIDTHS
from ingestion.documents.queries import SORTS, STATES, DocumentFilter
from instances.models import Sensitivity

BULK_LIMIT = 1000


class DocumentFilterForm(forms.Form):
    """The query string of the list; invalid values are ignored."""

    q = forms.CharField(required=False, max_length=200)
    status = forms.ChoiceField(required=False, choices=[(state, state) for state in STATES])
    type = forms.ChoiceField(required=False, choices=[(kind, kind) for kind in KINDS])
    level = forms.ChoiceField(required=False, choices=Sensitivity)
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
            sort=given.get("sort") or DocumentFilter.sort,
            page=given.get("page") or 1,
            only=given.get("only"),
        )


class FolderForm(forms.Form):
    """A folder of documents."""

    path = forms.CharField(max_length=500, strip=False)


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


class SensitivityForm(forms.Form):
    """The sensitivity of a document: that of its instance, or a higher one."""

    sensitivity = forms.ChoiceField(choices=Sensitivity)


class UploadForm(forms.Form):
    """One file with its folder and level, or with the failed document that it replaces."""

    file = forms.FileField(allow_empty_file=True)
    folder = forms.CharField(required=False, max_length=2000)
    sensitivity = forms.ChoiceField(required=False, choices=Sensitivity)
    replaces = forms.UUIDField(required=False)


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

    action = forms.ChoiceField(choices=[(name, name) for name in ("retry", "delete")])
    document = UUIDListField()
    # All that match the filter of the list, instead of the ticked ones.
    all = forms.BooleanField(required=False)
    confirmed = forms.BooleanField(required=False)


class ViewerForm(forms.Form):
    """The position in a document that a link points to."""

    page = forms.IntegerField(required=False, min_value=1, max_value=1_000_000)
    chunk = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    q = forms.CharField(required=False, max_length=200)
