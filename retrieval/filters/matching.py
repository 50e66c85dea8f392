"""The documents that match a filter. All functions run inside ``tenant(instance)``."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from ingestion.documents.groups import MAX_GROUP_DOCUMENTS
from ingestion.documents.metadata import categories
from ingestion.models import Document
from instances.models import Instance
from retrieval.filters.kinds import category_patterns
from retrieval.filters.reading import DocumentFilter, may_be_filtered, read_filter

# Years of a span that are looked for in titles.
_MOST_YEARS = 30


@dataclass(frozen=True, slots=True)
class AppliedFilter:
    """A filter and its number of documents.

    ``is_kept`` is false when none of them answers, and all documents were searched instead.
    """

    filter: DocumentFilter
    n_documents: int
    is_kept: bool = True


def find_filter(instance: Instance, question: str) -> tuple[AppliedFilter, list[UUID]] | None:
    """Return the filter that a question names with the documents that match it.

    None when it names none, or when as many documents match as without it, none, or too many.
    """
    if not may_be_filtered(question):
        return None
    named = read_filter(question, category_patterns(categories(instance)))
    if named is None:
        return None
    ready = Document.objects.for_instance(instance).filter(status=Document.Status.READY)
    matching = ready.filter(of_kind(named.pattern) & of_days(named.since, named.until))
    if named.is_latest:
        latest = matching.aggregate(latest=Max("dated"))["latest"]
        if latest is None:
            return None
        named = replace(named, since=latest, until=latest)
        matching = matching.filter(dated=latest)
    found = _ids(matching)
    if not 0 < len(found) <= MAX_GROUP_DOCUMENTS or not ready.exclude(pk__in=found).exists():
        return None
    return AppliedFilter(named, len(found)), found


def _ids(documents: QuerySet[Document]) -> list[UUID]:
    return list(documents.values_list("pk", flat=True)[: MAX_GROUP_DOCUMENTS + 1])


def of_kind(pattern: str) -> Q:
    """Documents of a kind, by what people said or by their titles or names; all for ""."""
    if not pattern:
        return Q()
    return Q(category__unaccent__iregex=rf"^(?:{pattern})$") | _in_name(pattern)


def of_days(since: date | None, until: date | None) -> Q:
    """Documents of these days; those without a date by whole years in their titles or names."""
    if since is None and until is None:
        return Q()
    dated = Q(dated__isnull=False)
    if since is not None:
        dated &= Q(dated__gte=since)
    if until is not None:
        dated &= Q(dated__lte=until)
    years = _whole_years(since, until)
    if not years:
        return dated
    return dated | Q(dated__isnull=True) & _in_name("|".join(map(str, years)), before=r"(?:^|\D)")


def _whole_years(since: date | None, until: date | None) -> range:
    first = since or date(timezone.localdate().year - _MOST_YEARS, 1, 1)
    last = until or date(timezone.localdate().year, 12, 31)
    is_whole = (first.month, first.day, last.month, last.day) == (1, 1, 12, 31)
    years = range(first.year, last.year + 1)
    return years if is_whole and len(years) <= _MOST_YEARS + 1 else range(0)


def _in_name(pattern: str, before: str = r"(?:^|[^[:alnum:]])") -> Q:
    """Documents whose title or file name has a pattern as a word."""
    word = rf"{before}(?:{pattern})(?:$|[^[:alnum:]])"
    return Q(title__unaccent__iregex=word) | Q(name__unaccent__iregex=word)
