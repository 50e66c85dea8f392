"""The place of a passage in its document, in words: "page iv", "slides 2–3", "Budget", "00:01:30".

Pages, sheets, sections... have the label that their document gives them: what is printed on a page,
the name of a sheet, the time of a subtitle, the lines of a program. Those without one are counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, Self

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from ingestion.models import Document

_ONE: Mapping[str, Promise] = {
    Document.Unit.PAGE: _("page {number}"),
    Document.Unit.SLIDE: _("slide {number}"),
    Document.Unit.SHEET: _("sheet {number}"),
    Document.Unit.SECTION: _("section {number}"),
    Document.Unit.MESSAGE: _("message {number}"),
}
_SEVERAL: Mapping[str, Promise] = {
    Document.Unit.PAGE: _("pages {first}–{last}"),
    Document.Unit.SLIDE: _("slides {first}–{last}"),
    Document.Unit.SHEET: _("sheets {first}–{last}"),
    Document.Unit.SECTION: _("sections {first}–{last}"),
    Document.Unit.MESSAGE: _("messages {first}–{last}"),
}


class Placed(Protocol):
    """What covers one or several pages of a document; "" for a page without a label."""

    @property
    def display_title(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def page_start(self) -> int: ...
    @property
    def page_end(self) -> int: ...
    @property
    def page_label(self) -> str: ...
    @property
    def page_end_label(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Pages of a document; ``page_end_label`` is "" for a single page."""

    display_title: str
    unit: str
    page_start: int
    page_end: int
    page_label: str = ""
    page_end_label: str = ""

    @classmethod
    def of_page(cls, document: Document, number: int, label: str) -> Self:
        """Return one page of a document."""
        return cls(document.display_title, document.unit, number, number, label)


def place_of(placed: Placed, *, capitalised: bool = False) -> str:
    """Return the place in words, "Page iv" if ``capitalised``; names stay as they are.

    A section named as its document has its number, so that no name is read twice.
    """
    first, last = placed.page_label, placed.page_end_label
    if placed.unit != Document.Unit.PAGE:
        first, last = ("" if label == placed.display_title else label for label in (first, last))
        if first:
            return f"{first} – {last}" if last and last != first else first
        last = ""
    if placed.page_end > placed.page_start:
        several = str(_SEVERAL[placed.unit])
        words = several.format(first=first or placed.page_start, last=last or placed.page_end)
    else:
        words = str(_ONE[placed.unit]).format(number=first or placed.page_start)
    return capfirst(words) if capitalised else words
