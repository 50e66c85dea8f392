"""Queries of the documents' pages: the filtered list, and the pages of one document.

Every function runs inside ``tenant(instance)``. Its number of queries does not depend on the number
of documents.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.contrib.postgres.lookups import Unaccent
from django.db.models import (
    Case,
    Count,
    Expression,
    F,
    Func,
    OrderBy,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Lower
from django.db.models.lookups import Contains

from ingestion.documents.kinds import KINDS
from ingestion.documents.sensitivity import of_level
from ingestion.models import DEFAULT_TITLE, Chunk, Document, DocumentPage
from instances.models import Instance, Sensitivity
from web.search_words import search_words

PAGE_SIZE = 50
PICKER_SIZE = 20

Status = Document.Status
# "warned" documents are ready too.
STATES: dict[str, Q] = {
    "ready": Q(status=Status.READY),
    "warned": Q(status=Status.READY) & ~Q(warnings=[]),
    "running": Q(status__in=(*Document.UNFINISHED, Status.HELD)),
    "failed": Q(status=Status.FAILED),
}


def _folded(text: str | Expression) -> Expression:
    """Return an expression for ``text`` in lower case without accents."""
    return Unaccent(Lower(text))


# Without folding, a database without ICU sorts « École » after « Zoologie ».
_DISPLAY_TITLE = Case(
    When(Q(title="") | Q(title__iregex=DEFAULT_TITLE), then=F("name")), default=F("title")
)
_BY_NAME = _folded(_DISPLAY_TITLE)
_SEARCHED_FIELDS = ("name", "title", "folder", "author", "category")
_SEARCHED = _folded(
    Func(
        Value(" "),
        *_SEARCHED_FIELDS,
        Func(F("tags"), Value(" "), function="array_to_string"),
        function="concat_ws",
        output_field=TextField(),
    )
)
SORTS: dict[str, tuple[str | OrderBy, ...]] = {
    "-added": ("-created_at", "id"),
    "added": ("created_at", "id"),
    "name": (OrderBy(_BY_NAME), "id"),
    "-name": (OrderBy(_BY_NAME, descending=True), "id"),
    "-pages": ("-pages", "id"),
    "pages": ("pages", "id"),
}


@dataclass(frozen=True)
class DocumentFilter:
    """The filter, sort order and page of the list; keys are those of STATES, KINDS and SORTS.

    ``level`` is a Sensitivity, or "" for all.
    """

    query: str = ""
    state: str = ""
    kind: str = ""
    level: str = ""
    tag: str = ""
    sort: str = "-added"
    page: int = 1
    # Show this document only; used by its own page.
    only: UUID | None = None


@dataclass(frozen=True)
class StateCounts:
    """Number of documents by state, among those that match the rest of the filter."""

    ready: int = 0
    warned: int = 0
    running: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        return self.ready + self.running + self.failed

    def of(self, state: str) -> int:
        """Return the count of one state; ``""`` gives the total."""
        return int(getattr(self, state)) if state else self.total


@dataclass(frozen=True)
class Listing:
    """One page of the list."""

    documents: tuple[Document, ...]
    counts: StateCounts
    filter: DocumentFilter
    page_count: int

    @property
    def first(self) -> int:
        """Rank of the first row shown, from 1."""
        return (self.filter.page - 1) * PAGE_SIZE + 1

    @property
    def last(self) -> int:
        return self.first + len(self.documents) - 1

    @property
    def total(self) -> int:
        return self.counts.of(self.filter.state)


@dataclass(frozen=True)
class Pulse:
    """A fingerprint that changes whenever a document of the instance does."""

    count: int
    latest: datetime | None
    running: bool


def list_documents(instance: Instance, chosen: DocumentFilter) -> Listing:
    """Return one page of documents (PAGE_SIZE rows); the last page if the number is too large."""
    counts = _counts(_matching(instance, chosen))
    matching = matching_documents(instance, chosen)
    page_count = max(1, -(-counts.of(chosen.state) // PAGE_SIZE))
    shown = replace(chosen, page=min(chosen.page, page_count))
    start = (shown.page - 1) * PAGE_SIZE
    order = SORTS[shown.sort]
    # Identifiers alone are sorted in memory; full rows are then fetched for one page.
    ids = matching.order_by(*order).values("pk")[start : start + PAGE_SIZE]
    rows = Document.objects.for_instance(instance).filter(pk__in=ids)
    page = tuple(rows.select_related("uploaded_by", "instance__organisation").order_by(*order))
    return Listing(page, counts, shown, page_count)


def matching_documents(instance: Instance, chosen: DocumentFilter) -> QuerySet[Document]:
    """Return all the documents of a filter, on whatever page of the list."""
    matching = _matching(instance, chosen)
    return matching.filter(STATES[chosen.state]) if chosen.state else matching


def named_documents(documents: QuerySet[Document], query: str) -> QuerySet[Document]:
    """Return those whose name, title, folder, author, kind or tags contain each word."""
    for word in search_words(query):
        documents = documents.filter(Contains(_SEARCHED, _folded(Value(word))))
    return documents


def pulse(instance: Instance) -> Pulse:
    """Return the fingerprint of the instance's documents (three index scans)."""
    documents = Document.objects.for_instance(instance)
    by_change = documents.order_by("-updated_at").values_list("updated_at", flat=True)
    running = documents.filter(status__in=Document.UNFINISHED)
    return Pulse(documents.count(), by_change.first(), running.exists())


def pick_documents(instance: Instance, query: str, page: int = 1) -> tuple[list[Document], int]:
    """Return one page (PICKER_SIZE) of the ready documents whose name, title or folder contains
    ``query``, by title, and how many there are in all."""
    matching = _matching(instance, DocumentFilter(query=query)).filter(status=Status.READY)
    start = (page - 1) * PICKER_SIZE
    found = list(matching.order_by(*SORTS["name"])[start : start + PICKER_SIZE])
    return found, matching.count()


def find_documents(instance: Instance, ids: Sequence[UUID]) -> list[Document]:
    """Return the documents with these ids; ids not in the instance are ignored."""
    return list(Document.objects.for_instance(instance).filter(pk__in=ids).order_by("name"))


def read_page(document: Document, number: int) -> DocumentPage | None:
    """Return one page with its extracted text, or None."""
    pages = DocumentPage.objects.for_instance(document.instance_id)
    return pages.filter(document=document, number=number).first()


def page_labels(document: Document, numbers: Collection[int]) -> dict[int, str]:
    """Return the labels of pages by their numbers."""
    pages = DocumentPage.objects.for_instance(document.instance_id)
    found = pages.filter(document=document, number__in=numbers)
    return dict(found.values_list("number", "label"))


def chunks_on_page(document: Document, number: int) -> list[Chunk]:
    """Return the passages that are at least partly on a page, in reading order."""
    chunks = Chunk.objects.for_instance(document.instance_id).filter(
        document=document, generation=document.index_generation
    )
    on_page = chunks.filter(page_start__lte=number, page_end__gte=number)
    return list(on_page.defer("embedding", "terms", "attached_terms").order_by("position"))


def find_chunk(document: Document, chunk_id: int) -> Chunk | None:
    """Return a passage of the document, or None."""
    chunks = Chunk.objects.for_instance(document.instance_id).filter(document=document)
    return chunks.filter(pk=chunk_id).defer("embedding", "terms", "attached_terms").first()


def pages_containing(document: Document, query: str, limit: int) -> list[DocumentPage]:
    """Return the first ``limit`` pages whose text contains ``query``, ignoring case and accents."""
    pages = DocumentPage.objects.for_instance(document.instance_id).filter(document=document)
    return list(pages.filter(text__unaccent__icontains=query).order_by("number")[:limit])


def _matching(instance: Instance, chosen: DocumentFilter) -> QuerySet[Document]:
    """Return the documents that match a filter, in any state."""
    matching: QuerySet[Document] = Document.objects.for_instance(instance).listed()
    if chosen.only:
        matching = matching.filter(pk=chosen.only)
    if chosen.tag:
        matching = matching.filter(tags__contains=[chosen.tag])
    if chosen.level:
        matching = matching.filter(of_level(instance, Sensitivity(chosen.level)))
    if chosen.kind:
        matching = matching.filter(media_type__in=KINDS[chosen.kind].media_types)
    return named_documents(matching, chosen.query)


def _counts(matching: QuerySet[Document]) -> StateCounts:
    counted = {state: Count("pk", filter=condition) for state, condition in STATES.items()}
    return StateCounts(**matching.aggregate(**counted))
