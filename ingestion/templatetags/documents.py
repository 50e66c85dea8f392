"""Template filters for documents: kind, length, status, errors."""

from collections.abc import Iterable

from django import template
from django.template.defaultfilters import floatformat
from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ingestion.documents.kinds import Kind, kind_of
from ingestion.documents.segments import Segment
from ingestion.documents.tables import Part
from ingestion.error_messages import user_message
from ingestion.errors import is_file_at_fault, retry_may_help
from ingestion.models import Document
from ingestion.parse_warnings import warning_message
from ingestion.parsing.media_types import ARCHIVES, DRAWN
from ingestion.parsing.subtitles.parser import time_label
from ingestion.places import Placed, place_of

register = template.Library()


@register.filter
def kind(document: Document) -> Kind:
    """The kind of a document."""
    return kind_of(document.media_type)


@register.filter
def is_archive(document: Document) -> bool:
    """Whether its files become documents of their own."""
    return document.media_type in ARCHIVES


@register.filter
def is_drawn(document: Document) -> bool:
    """Whether its pages can be shown as they look."""
    return document.media_type in DRAWN


@register.filter
def level_label(document: Document) -> str:
    """The name of its sensitivity, in its organisation."""
    return document.instance.organisation.label_of(document.level)


@register.filter
def extent(document: Document) -> str:
    """The number of units: « 12 pages », « 3 slides »; empty while unknown."""
    n = document.pages
    if not n:
        return ""
    if document.duration_s:
        return time_label(document.duration_s)
    texts = {
        Document.Unit.PAGE: ngettext("%(n)s page", "%(n)s pages", n),
        Document.Unit.SLIDE: ngettext("%(n)s slide", "%(n)s slides", n),
        Document.Unit.SHEET: ngettext("%(n)s sheet", "%(n)s sheets", n),
        Document.Unit.SECTION: ngettext("%(n)s section", "%(n)s sections", n),
        Document.Unit.MESSAGE: ngettext("%(n)s message", "%(n)s messages", n),
    }
    return texts[Document.Unit(document.unit)] % {"n": n}


@register.filter
def place(placed: Placed) -> str:
    """The place of a passage: « page iv », « slides 2–3 »."""
    return place_of(placed)


@register.filter
def moment(seconds: int) -> str:
    """A moment of a recording: « 1:02:03 »."""
    return time_label(seconds)


@register.filter
def reason(document: Document) -> Promise:
    """The message about a failed document: the reason and what to do."""
    return user_message(document.error_code)


@register.filter
def may_retry(document: Document) -> bool:
    """Whether another try at the same file may succeed."""
    return retry_may_help(document.error_code)


@register.filter
def may_replace(document: Document) -> bool:
    """Whether another file may succeed."""
    return is_file_at_fault(document.error_code)


@register.filter
def warning_messages(document: Document) -> list[str]:
    """What its parser left out or found hidden, in sentences."""
    return [warning_message(warning) for warning in document.parse_warnings]


@register.filter
def duration(seconds: float) -> str:
    """A formatted duration: « 3.2 s », « 45 s », « 2 min 05 s »."""
    if seconds < 10:
        return _("%(n)s s") % {"n": floatformat(seconds, 1)}
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return _("%(n)s s") % {"n": rest}
    return _("%(minutes)s min %(seconds)02d s") % {"minutes": minutes, "seconds": rest}


@register.filter
def as_html(parts: Iterable[Part]) -> SafeString:
    """The parts of a text: escaped, its marks as <mark>, its tables as tables.

    Without templates: a sheet has thousands of cells.
    """
    html = "".join(_table(part) if part.rows else _marked(part.segments) for part in parts)
    return mark_safe(html)  # noqa: S308 (every text in it is escaped)


def _table(part: Part) -> str:
    rows = []
    for number, row in enumerate(part.rows):
        cell = "th" if part.has_header and number == 0 else "td"
        cells = "".join(f'<{cell} dir="auto">{_marked(segments)}</{cell}>' for segments in row)
        rows.append(f"<tr>{cells}</tr>")
    label = escape(_("Table"))
    return (
        f'<div class="table-wrap" role="group" tabindex="0" aria-label="{label}">'
        f'<table class="table text-table">{"".join(rows)}</table></div>'
    )


def _marked(segments: Iterable[Segment]) -> str:
    return "".join(_mark(segment) for segment in segments)


def _mark(segment: Segment) -> str:
    text = escape(segment.text)
    if segment.is_context:
        return f'<span class="passage-context">{text}</span>'
    if segment.hit:
        return f"<mark>{text}</mark>"
    return f'<mark class="viewer-chosen">{text}</mark>' if segment.chosen else text
