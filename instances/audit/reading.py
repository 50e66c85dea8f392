"""Search the audit log, by keyset pagination."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from instances.levels import Level
from instances.models import AuditEntry
from web.search_words import search_words

ENTRIES_PER_PAGE = 50
# Entries examined for one page. Row security prevents index scans on words, so a rare name would
# otherwise cost a scan of the whole log.
EXAMINED_PER_PAGE = 20_000
# The primary key of an account, within bigint.
_NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True)
class Search:
    """Filters of the log; empty ones match everything."""

    action: str = ""
    # Words in the names of actor or target, or the primary key of either.
    person: str = ""
    # Words in the name of the organisation or the instance.
    place: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether it filters by more than the date."""
        return bool(self.action or self.person or self.place)


@dataclass(frozen=True)
class Place:
    """The position of an entry in the log."""

    at: datetime
    pk: UUID

    def __str__(self) -> str:
        return f"{self.at.isoformat()}_{self.pk}"

    @classmethod
    def parse(cls, text: str) -> "Place | None":
        """Parse the output of ``str``; None for anything else."""
        at, _underscore, pk = text.partition("_")
        try:
            parsed = cls(datetime.fromisoformat(at), UUID(pk))
        except ValueError:
            return None
        return parsed if timezone.is_aware(parsed.at) else None


@dataclass(frozen=True)
class Page:
    """Entries, newest first, and the positions between which it lies.

    Older entries are after ``next``, newer ones before ``previous``; None where there are none. A
    page of a narrow search may be empty although there are others.
    """

    entries: list[AuditEntry]
    previous: Place | None
    next: Place | None


def end_of(day: date) -> Place:
    """The position after which the entries of a day start, the latest first."""
    return Place(_midnight(day + timedelta(days=1)), UUID(int=2**128 - 1))


def read_page(
    level: Level, search: Search, after: Place | None = None, size: int = ENTRIES_PER_PAGE
) -> Page:
    """The entries after ``after``, newest first. Run inside ``level.visible()``."""
    rest = _in_time(level, search)
    if after is not None:
        # In this form PostgreSQL starts there in its index, instead of skipping earlier rows.
        rest = rest.filter(at__lte=after.at).exclude(at=after.at, pk__lte=after.pk)
    horizon = _horizon(rest) if search.is_narrow else None
    if horizon is not None:
        rest = rest.filter(at__gte=horizon.at).exclude(at=horizon.at, pk__gt=horizon.pk)
    entries, end = _first(rest, search, size)
    previous = _place(entries[0]) if after is not None and entries else None
    return Page(entries, previous, end or horizon)


def read_page_before(
    level: Level, search: Search, before: Place | None = None, size: int = ENTRIES_PER_PAGE
) -> Page:
    """The entries next to ``before`` and newer, newest first; the oldest ones without ``before``.

    Where fewer than ``size`` are newer, the latest page. Run inside ``level.visible()``.
    """
    rest = _in_time(level, search).order_by("at", "-pk")
    if before is not None:
        rest = rest.filter(at__gte=before.at).exclude(at=before.at, pk__gte=before.pk)
    horizon = _horizon(rest) if search.is_narrow else None
    if horizon is not None:
        rest = rest.filter(at__lte=horizon.at).exclude(at=horizon.at, pk__lt=horizon.pk)
    entries, end = _first(rest, search, size)
    previous = end or horizon
    if before is not None and previous is None:
        return read_page(level, search, size=size)
    older = _place(entries[0]) if before is not None and entries else None
    return Page(entries[::-1], previous, older)


def read_batches(level: Level, search: Search, size: int = 1000) -> Iterator[list[AuditEntry]]:
    """Every matching entry, one transaction per batch, to limit memory and lock time."""
    after: Place | None = None
    while True:
        with level.visible():
            page = read_page(level, search, after, size)
        if page.entries:
            yield page.entries
        if page.next is None:
            return
        after = page.next


def _first(
    entries: QuerySet[AuditEntry], search: Search, size: int
) -> tuple[list[AuditEntry], Place | None]:
    """The first matching entries, and the position of the last one if there are more."""
    found = list(_narrowed(entries, search)[: size + 1])
    if len(found) <= size:
        return found, None
    return found[:size], _place(found[size - 1])


def _place(entry: AuditEntry) -> Place:
    return Place(entry.at, entry.pk)


def _in_time(level: Level, search: Search) -> QuerySet[AuditEntry]:
    found = level.entries()
    if search.since:
        found = found.filter(at__gte=_midnight(search.since))
    if search.until:
        found = found.filter(at__lt=_midnight(search.until + timedelta(days=1)))
    return found.order_by("-at", "pk")


def _horizon(entries: QuerySet[AuditEntry]) -> Place | None:
    """The last entry to examine for this page, in their order; None if fewer are left."""
    farthest = entries.values_list("at", "pk")
    found = list(farthest[EXAMINED_PER_PAGE - 1 : EXAMINED_PER_PAGE])
    return Place(*found[0]) if found else None


def _narrowed(entries: QuerySet[AuditEntry], search: Search) -> QuerySet[AuditEntry]:
    if search.action:
        entries = entries.filter(action=search.action)
    for word in search_words(search.person):
        found = Q(actor_name__icontains=word) | Q(target__icontains=word)
        if _NUMBER.fullmatch(word):
            found |= Q(actor_id=int(word)) | Q(target_kind="user", target_id=int(word))
        entries = entries.filter(found)
    for word in search_words(search.place):
        entries = entries.filter(place__icontains=word)
    return entries


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
