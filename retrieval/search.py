"""From a question to ranked passages: the retrieval half of the second straight line.

    question → embed ─┐
             → terms ─┴→ score every chunk (dense, lexical) → fuse → best top_k passages

- *Dense*: the cosine between the question's embedding and each chunk's finds passages that say the
  same in other words, or in another language.
- *Lexical*: BM25 over stems (``ingestion.lexical``) finds names, numbers and exact terms.
- *Fusion* (``retrieval.fusion``) adds the two, each divided by its own scale.
- ``retrieval.ranking`` does all of it in one SQL statement.
- ``retrieval.relevance`` says whether the best passages are good enough to answer from.

What was decided and measured: docs/decisions/005-retrieval.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from inference.embedding.client import AsyncEmbeddingClient, EmbeddingClient
from instances.models import Instance
from instances.tenancy import in_tenant
from retrieval.ranking import prepare_question, rank_chunks


@dataclass(frozen=True)
class RetrievedChunk:
    """A passage that retrieval found, with where it stands in its document.

    ``score`` is the fused score, comparable within one search; ``cosine`` and ``bm25`` are its
    two legs as they were.
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


@dataclass(frozen=True)
class SearchTiming:
    """Where the time of a search went, in milliseconds."""

    embed_ms: float
    search_ms: float

    @property
    def total_ms(self) -> float:
        return self.embed_ms + self.search_ms


@dataclass(frozen=True)
class SearchResult:
    """The best passages, best first."""

    chunks: tuple[RetrievedChunk, ...]
    timing: SearchTiming


def search(
    *, instance: Instance, query: str, top_k: int, document_ids: Sequence[UUID] = ()
) -> SearchResult:
    """Return the ``top_k`` best chunks for a question, of the chosen documents if any are given.

    Runs inside ``tenant(instance)``; raises ``InferenceError`` if the question cannot be embedded.
    """
    start = perf_counter()
    embedding = EmbeddingClient.from_settings().embed_query(query)
    embedded = perf_counter()
    chunks = search_embedded(
        instance=instance,
        query=query,
        embedding=embedding,
        top_k=top_k,
        document_ids=document_ids,
    )
    return SearchResult(chunks, _timing(start, embedded))


async def asearch(
    *, instance: Instance, query: str, top_k: int, document_ids: Sequence[UUID] = ()
) -> SearchResult:
    """As ``search``, outside any transaction: no connection is held while the question is embedded.

    Raises ``InferenceError`` when the question cannot be embedded.
    """
    start = perf_counter()
    embedding = await AsyncEmbeddingClient.from_settings().embed_query(query)
    embedded = perf_counter()
    chunks = await in_tenant(
        instance,
        search_embedded,
        instance=instance,
        query=query,
        embedding=embedding,
        top_k=top_k,
        document_ids=document_ids,
    )
    return SearchResult(chunks, _timing(start, embedded))


def search_embedded(
    *,
    instance: Instance,
    query: str,
    embedding: NDArray[np.float32],
    top_k: int,
    document_ids: Sequence[UUID] = (),
) -> tuple[RetrievedChunk, ...]:
    """As ``search``, for a question already embedded: ``(dim,)``, L2-normalised."""
    question = prepare_question(instance_id=instance.pk, query=query, embedding=embedding)
    rows = rank_chunks(
        instance_id=instance.pk, question=question, limit=top_k, document_ids=document_ids
    )
    return tuple(RetrievedChunk(**row) for row in rows)


def _timing(start: float, embedded: float) -> SearchTiming:
    return SearchTiming(
        embed_ms=1000 * (embedded - start), search_ms=1000 * (perf_counter() - embedded)
    )
