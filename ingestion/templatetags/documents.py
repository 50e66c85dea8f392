"""Template filters for documents: kind, length, status, errors."""

from django import template
from django.template.defaultfilters import floatformat
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ingestion.documents.kinds import Kind, kind_of
from ingestion.errors import is_file_at_fault, retry_may_help, user_message
from ingestion.models import Document
from ingestion.parse_warnings import warning_message

register = template.Library()


@register.filter
def kind(document: Document) -> Kind:
    """The kind of a document."""
    return kind_of(document.media_type)


@register.filter
def extent(document: Document) -> str:
    """The number of units: « 12 pages », « 3 slides »; empty while unknown."""
    n = document.pages
    if not n:
        return ""
    texts = {
        Document.Unit.PAGE: ngettext("%(n)s page", "%(n)s pages", n),
        Document.Unit.SLIDE: ngettext("%(n)s slide", "%(n)s slides", n),
        Document.Unit.SHEET: ngettext("%(n)s sheet", "%(n)s sheets", n),
        Document.Unit.SECTION: ngettext("%(n)s section", "%(n)s sections", n),
        Document.Unit.MESSAGE: ngettext("%(n)s message", "%(n)s messages", n),
    }
    return texts[Document.Unit(document.unit)] % {"n": n}


@register.filter
def place(document: Document, number: int) -> str:
    """The name of one unit: « Page 12 », « Slide 3 »."""
    texts = {
        Document.Unit.PAGE: _("Page %(n)s"),
        Document.Unit.SLIDE: _("Slide %(n)s"),
        Document.Unit.SHEET: _("Sheet %(n)s"),
        Document.Unit.SECTION: _("Section %(n)s"),
        Document.Unit.MESSAGE: _("Message %(n)s"),
    }
    return texts[Document.Unit(document.unit)] % {"n": number}


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
def file_size(size: int) -> str:
    """A formatted number of bytes: « 48 KB », « 1.3 MB »."""
    if size < 1 << 20:
        return _("%(n)s KB") % {"n": max(1, round(size / 1024))}
    return _("%(n)s MB") % {"n": floatformat(size / (1 << 20), "-1")}
