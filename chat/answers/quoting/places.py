"""The place of a passage in its document, in words: "page 3", "slides 2–3"."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ingestion.models import Document
from retrieval.search import RetrievedChunk

ONE: Mapping[str, Promise] = {
    Document.Unit.PAGE: _("page {number}"),
    Document.Unit.SLIDE: _("slide {number}"),
    Document.Unit.SHEET: _("sheet {number}"),
    Document.Unit.SECTION: _("section {number}"),
    Document.Unit.MESSAGE: _("message {number}"),
}
SEVERAL: Mapping[str, Promise] = {
    Document.Unit.PAGE: _("pages {first}–{last}"),
    Document.Unit.SLIDE: _("slides {first}–{last}"),
    Document.Unit.SHEET: _("sheets {first}–{last}"),
    Document.Unit.SECTION: _("sections {first}–{last}"),
    Document.Unit.MESSAGE: _("messages {first}–{last}"),
}


def place_of(passage: RetrievedChunk) -> str:
    """Return the place of a passage, as ``places.js`` does.

    A section named as its document has its number, so that no name is read twice.
    """
    first, last, label = passage.page_start, passage.page_end, passage.page_label
    if passage.unit != Document.Unit.PAGE:
        if label and label != passage.display_title:
            return label
        label = ""
    if last > first:
        return str(SEVERAL[passage.unit]).format(first=first, last=last)
    return str(ONE[passage.unit]).format(number=label or first)
