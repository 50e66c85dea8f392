"""The result of a search."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from inference.offered_models import ModelFigures
from inference.token_usage import TokenUsage
from instances.models import Sensitivity
from retrieval.filters.matching import AppliedFilter
from usage.subjects.classifier import Subject


@dataclass(frozen=True, slots=True)
class Copy:
    """A passage that says the same as one that was found (``retrieval.duplicates.folding``)."""

    document_id: UUID
    title: str
    chunk_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievedChunk:
    """A passage found by a search, and its place in its document.

    ``document_title`` is empty for a document without a title of its own. ``score`` sorts the
    passages of one search: the fused score, or that of the reranker. ``cosine`` and ``bm25`` are
    the dense and lexical scores; ``relevance`` is in [0, 1]. ``sensitivity`` is that of the
    document, at least that of its instance.
    """

    chunk_id: int
    document_id: UUID
    document_name: str
    document_title: str
    unit: str
    page_start: int
    page_end: int
    page_label: str
    page_end_label: str = ""
    heading: str
    text: str
    char_start: int
    char_end: int
    score: float
    cosine: float
    bm25: float
    relevance: float
    # Of the document, None if unknown.
    document_dated: date | None = None
    sensitivity: Sensitivity = Sensitivity.RESTRICTED
    # Found, but not sent to the model, which may not receive passages of this level.
    is_withheld: bool = False
    copies: tuple[Copy, ...] = ()
    # The passage before which it was put, as it was in force (``retrieval.duplicates.in_force``).
    put_before: int | None = None

    @property
    def display_title(self) -> str:
        """What readers see first: the title of the document, or else its file name."""
        return self.document_title or self.document_name

    @property
    def titles_of_copies(self) -> list[str]:
        """The titles of the other documents that say the same, each once."""
        others = (copy for copy in self.copies if copy.document_id != self.document_id)
        return list(dict.fromkeys(copy.title for copy in others))


@dataclass(frozen=True, slots=True)
class SearchTiming:
    """The duration of a search, in milliseconds."""

    embed_ms: float
    search_ms: float

    @property
    def total_ms(self) -> float:
        return self.embed_ms + self.search_ms


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The best passages, best first, whether any is relevant, and the subject of the query.

    ``processor_seconds`` is the processor time of the search on our machines: embedding (as our
    model server reports it), and ranking in this process, without PostgreSQL; ``rerank_seconds`` is
    that of reranking by ``rerank_model``, which is "" without one; ``failed_rerank_model`` was
    asked and failed. ``tokens`` are those of the embedding. ``unknown_words`` are those of the
    query that no document of the instance uses, as they were typed.
    """

    chunks: tuple[RetrievedChunk, ...]
    relevant: bool
    subject: Subject
    timing: SearchTiming
    processor_seconds: float
    rerank_seconds: float = 0.0
    rerank_model: str = ""
    embedding_model: str = ""
    failed_rerank_model: str = ""
    tokens: TokenUsage | None = None
    # Of servers other than ours: what their operators state of their energy; tokens of reranking.
    embedding_server: ModelFigures | None = None
    rerank_server: ModelFigures | None = None
    rerank_tokens: TokenUsage | None = None
    unknown_words: tuple[str, ...] = ()
    # The kind or the date of documents that the query names.
    filter: AppliedFilter | None = None
