"""The passages of a search, grouped by their documents, best first."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from chat.search.snippets import snippet
from ingestion.documents.tables import Part
from ingestion.indexing.lexical import words_of_terms
from ingestion.places import place_of
from instances.models import Instance
from retrieval.relevance import threshold_of
from retrieval.results import RetrievedChunk, SearchResult

# The best passages, of which a page shows those of some documents.
MAX_PASSAGES = 100
# Of a document, before those that are folded.
SHOWN_PASSAGES = 3
# When none has a word of the query, or probably answers.
_CLOSEST = 5


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage as it is listed; ``url`` opens its document there."""

    url: str
    place: str
    heading: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """A document with its passages, best first."""

    title: str
    name: str
    passages: tuple[FoundPassage, ...]

    @property
    def url(self) -> str:
        """The address of its best passage."""
        return self.passages[0].url

    @property
    def shown(self) -> tuple[FoundPassage, ...]:
        """The passages that are listed at once."""
        return self.passages[:SHOWN_PASSAGES]

    @property
    def folded(self) -> tuple[FoundPassage, ...]:
        """Its other passages."""
        return self.passages[SHOWN_PASSAGES:]


@dataclass(frozen=True, slots=True)
class FoundDocuments:
    """What a search found.

    ``is_near_only``: no passage has a word of the query or probably answers, these are the closest.
    ``is_cut``: there are more passages.
    """

    documents: tuple[FoundDocument, ...]
    n_passages: int
    is_near_only: bool
    is_cut: bool
    limit: int = MAX_PASSAGES


def group_by_document(instance: Instance, query: str, found: SearchResult) -> FoundDocuments:
    """Return the documents of a search, in the order of their best passages."""
    terms = words_of_terms(query)
    threshold = threshold_of(instance)
    kept = [each for each in found.chunks if each.bm25 > 0 or each.relevance >= threshold]
    is_near_only = not kept
    kept = kept or list(found.chunks[:_CLOSEST])
    groups: dict[UUID, list[RetrievedChunk]] = {}
    for chunk in kept:
        groups.setdefault(chunk.document_id, []).append(chunk)
    documents = tuple(
        FoundDocument(
            title=chunks[0].display_title,
            name=chunks[0].document_name,
            passages=tuple(_passage(instance, chunk, terms) for chunk in chunks),
        )
        for chunks in groups.values()
    )
    is_cut = len(kept) == len(found.chunks) == MAX_PASSAGES
    return FoundDocuments(documents, len(kept), is_near_only, is_cut)


def _passage(instance: Instance, chunk: RetrievedChunk, terms: Mapping[int, str]) -> FoundPassage:
    return FoundPassage(
        url=_url(instance, chunk, terms.values()),
        place=place_of(chunk, capitalised=True),
        heading=chunk.heading,
        parts=(Part(snippet(chunk.text, terms.keys())),),
    )


def _url(instance: Instance, chunk: RetrievedChunk, words: Collection[str]) -> str:
    """Return the address of a passage; a single word is also looked for in its document."""
    place: dict[str, object] = {"chunk": chunk.chunk_id}
    if len(words) == 1:
        place["q"] = next(iter(words))
    path = reverse("documents:detail", args=[instance.slug, chunk.document_id])
    return f"{path}?{urlencode(place)}"
