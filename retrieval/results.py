"""What a search returns."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievedChunk:
    """A passage that retrieval found, with where it stands in its document.

    ``score`` orders the passages of one search (fused, or the reranker's when there is one);
    ``cosine`` and ``bm25`` are the two legs as they were; ``relevance`` is in [0, 1].
    """

    chunk_id: int
    document_id: UUID
    document_name: str
    unit: str
    page_start: int
    page_end: int
    page_label: str
    heading: str
    text: str
    char_start: int
    char_end: int
    score: float
    cosine: float
    bm25: float
    relevance: float


@dataclass(frozen=True, slots=True)
class SearchTiming:
    """Where the time of a search went, in milliseconds."""

    embed_ms: float
    search_ms: float

    @property
    def total_ms(self) -> float:
        return self.embed_ms + self.search_ms


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The best passages, best first, and whether any is good enough to answer from.

    ``processor_seconds`` is what the search took of our own processors: embedding and reranking
    (as our model server says it), and ranking in this process. PostgreSQL's work is not in it.
    """

    chunks: tuple[RetrievedChunk, ...]
    relevant: bool
    timing: SearchTiming
    processor_seconds: float
