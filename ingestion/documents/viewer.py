"""The contents of a document's page: one page of text, its passages, the search hits."""

from dataclasses import dataclass

from ingestion.documents import queries
from ingestion.documents.segments import occurrences, split
from ingestion.documents.tables import Part, parts
from ingestion.models import Chunk, Document, DocumentPage
from ingestion.places import Place, place_of
from web.search_words import search_text

SEARCH_LIMIT = 50
_SNIPPET_RADIUS = 70


@dataclass(frozen=True)
class PassageView:
    """A passage shown beside its page."""

    chunk: Chunk
    place: str
    parts: tuple[Part, ...]
    chosen: bool


@dataclass(frozen=True)
class Hit:
    """A page with search hits, and the text around the first one."""

    number: int
    place: str
    count: int
    before: str
    match: str
    after: str


@dataclass(frozen=True)
class Reading:
    """What the document's page shows; ``page`` is None if the page has no extracted text."""

    document: Document
    number: int
    place: str
    page: DocumentPage | None
    parts: tuple[Part, ...]
    passages: tuple[PassageView, ...]
    chosen: Chunk | None
    query: str
    hits: tuple[Hit, ...]
    more_hits: bool

    @property
    def previous(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def next(self) -> int | None:
        return self.number + 1 if self.number < self.document.pages else None


def read(
    document: Document, *, number: int | None = None, chunk_id: int | None = None, query: str = ""
) -> Reading:
    """Return one page of a document with its passages, inside ``tenant(instance)``.

    Without ``number``, this is the first page of the chosen passage, or page 1.
    """
    query = search_text(query)
    chosen = queries.find_chunk(document, chunk_id) if chunk_id else None
    number = number or (chosen.page_start if chosen else 1)
    number = max(1, min(number, document.pages or 1))
    page = queries.read_page(document, number)
    pages = queries.pages_containing(document, query, SEARCH_LIMIT + 1) if query else []
    return Reading(
        document=document,
        number=number,
        place=_place(document, number, page.label if page else ""),
        page=page,
        parts=parts(split(page.text, _span(chosen, page), query)) if page else (),
        passages=_passages(document, number, chosen, query),
        chosen=chosen,
        query=query,
        hits=tuple(_hit(document, found, query) for found in pages[:SEARCH_LIMIT]),
        more_hits=len(pages) > SEARCH_LIMIT,
    )


def _place(document: Document, number: int, label: str) -> str:
    return place_of(Place.of_page(document, number, label), capitalised=True)


def _passages(
    document: Document, number: int, chosen: Chunk | None, query: str
) -> tuple[PassageView, ...]:
    """Return the passages of a page; the place is "" for those that are on no other."""
    chunks = queries.chunks_on_page(document, number)
    spread = [chunk for chunk in chunks if chunk.page_end > chunk.page_start]
    ends = {page for chunk in spread for page in (chunk.page_start, chunk.page_end)}
    labels = queries.page_labels(document, ends) if ends else {}
    places = {
        chunk.pk: place_of(
            Place(
                document.display_title,
                document.unit,
                chunk.page_start,
                chunk.page_end,
                labels.get(chunk.page_start, ""),
                labels.get(chunk.page_end, ""),
            )
        )
        for chunk in spread
    }
    return tuple(
        PassageView(
            chunk,
            places.get(chunk.pk, ""),
            parts(split(chunk.text, None, query)),
            chosen=chunk == chosen,
        )
        for chunk in chunks
    )


def _span(chunk: Chunk | None, page: DocumentPage | None) -> tuple[int, int] | None:
    """Return the offsets of a passage in ``page``, or None if it is on other pages."""
    if chunk is None or page is None or not chunk.page_start <= page.number <= chunk.page_end:
        return None
    start = chunk.char_start if chunk.page_start == page.number else 0
    end = chunk.char_end if chunk.page_end == page.number else len(page.text)
    return start, end


def _hit(document: Document, page: DocumentPage, query: str) -> Hit:
    found = occurrences(page.text, query)
    # The database folds a few letters into two ("œ"), so it may find pages without a hit here.
    start, end = found[0] if found else (0, 0)
    before = page.text[max(0, start - _SNIPPET_RADIUS) : start]
    return Hit(
        number=page.number,
        place=_place(document, page.number, page.label),
        count=len(found),
        before=before,
        match=page.text[start:end],
        after=page.text[end : end + _SNIPPET_RADIUS],
    )
