"""Filters in words for readers, and as values that are stored and sent to clients."""

from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from retrieval.filters.choosing import ChosenDocuments
from retrieval.filters.matching import AppliedFilter


def filter_data(applied: AppliedFilter | None) -> dict[str, Any] | None:
    """Return a filter as JSON: the kind as it was typed, the first and the last day in ISO 8601."""
    if applied is None:
        return None
    named = applied.filter
    return {
        "kind": named.kind,
        "since": named.since.isoformat() if named.since else None,
        "until": named.until.isoformat() if named.until else None,
        "latest": named.is_latest,
        "documents": applied.n_documents,
        "kept": applied.is_kept,
    }


def filter_words(stored: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return what a reader is told of a stored filter, and whether it can be removed."""
    if stored is None:
        return None
    since, until = (
        date.fromisoformat(stored[name]) if stored[name] else None for name in ("since", "until")
    )
    what = ", ".join(filter(None, (stored["kind"], _days(since, until))))
    if not stored["kept"]:
        told = _("No passage of “%(what)s” answers: all documents were searched.")
        return {"text": told % {"what": what}, "is_kept": False}
    n = stored["documents"]
    told = ngettext(
        "Searched in %(n)s document only: %(what)s.",
        "Searched in %(n)s documents only: %(what)s.",
        n,
    )
    return {"text": told % {"n": n, "what": what}, "is_kept": True}


def cut_words(chosen: ChosenDocuments) -> str:
    """Return what is said of filters that match more documents than are searched, else ""."""
    if not chosen.is_cut:
        return ""
    told = _("%(total)s documents match these filters: only the %(limit)s latest were searched.")
    return told % {"total": chosen.total, "limit": len(chosen.ids)}


def _days(since: date | None, until: date | None) -> str:
    if since is None or until is None:
        if since is not None:
            return _("since %(date)s") % {"date": _day(since, is_first=True)}
        return _("until %(date)s") % {"date": _day(until, is_first=False)} if until else ""
    if since == until:
        return date_format(since, "DATE_FORMAT")
    if (since.month, since.day, until.month, until.day) == (1, 1, 12, 31):
        return f"{since.year}" if since.year == until.year else f"{since.year}–{until.year}"
    return date_format(since, "YEAR_MONTH_FORMAT")


def _day(day: date, *, is_first: bool) -> str:
    """Return a day that begins or ends a span: only the year when the span has whole years."""
    if (day.month, day.day) == ((1, 1) if is_first else (12, 31)):
        return str(day.year)
    is_month = day.day == 1 if is_first else False
    return date_format(day, "YEAR_MONTH_FORMAT" if is_month else "DATE_FORMAT")
