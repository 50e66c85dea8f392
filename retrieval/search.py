"""From a question to ranked passages: the retrieval half of the second straight line.

    question → embed ─┐
             → terms ─┴→ score every chunk (dense, lexical) → fuse → best top_k passages

- *Dense*: the cosine between the question's embedding and each chunk's finds passages that say the
  same in other words, or in another language.
- *Lexical*: BM25 over stems (``ingestion.lexical``) finds names, numbers and exact terms.
- *Fusion* (``retrieval.fusion``) adds the two, each divided by its own scale.
- ``retrieval.ranking`` does all of it in one SQL statement.
- ``retrieval.rerank`` puts the best in a better order, where the operator has set a reranker.
- ``retrieval.relevance`` says whether the best passages are good enough to answer from.

What was decided and measured: docs/decisions/005-retrieval.md.
"""

import asyncio
from collections.abc import Sequence
from time import perf_counter
from uuid import UUID
from weakref import WeakKeyDictionary

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from inference.embedding.client import AsyncEmbeddingClient, EmbeddingClient
from instances.models import Instance
from instances.tenancy import in_tenant
from retrieval.ranking import prepare_question, rank_chunks
from retrieval.relevance import THRESHOLDS, passage_relevance
from retrieval.rerank import arerank_chunks, candidate_count, rerank_chunks
from retrieval.results import RetrievedChunk, SearchResult, SearchTiming

# When many ask in the same instant, those who asked first are answered first: all at once, they
# would all end last, as a process has one interpreter. Enough to keep models and database busy.
_SEARCHES_AT_ONCE = 4
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

__all__ = ["RetrievedChunk", "SearchResult", "SearchTiming", "asearch", "search"]


def search(
    *, instance: Instance, query: str, top_k: int, document_ids: Sequence[UUID] = ()
) -> SearchResult:
    """Return the ``top_k`` best chunks for a question, of the chosen documents if any are given.

    Runs inside ``tenant(instance)``; raises ``InferenceError`` if the question cannot be embedded.
    """
    start = perf_counter()
    embedding = EmbeddingClient.from_settings().embed_query(query)
    embedded = perf_counter()
    candidates = search_embedded(
        instance=instance,
        query=query,
        embedding=embedding,
        limit=candidate_count(top_k),
        document_ids=document_ids,
    )
    chunks = rerank_chunks(query, candidates, top_k)
    return _result(instance, chunks, start, embedded)


async def asearch(
    *, instance: Instance, query: str, top_k: int, document_ids: Sequence[UUID] = ()
) -> SearchResult:
    """As ``search``, outside any transaction: no connection is held while a model works."""
    start = perf_counter()
    async with _turn():
        embedding = await AsyncEmbeddingClient.from_settings().embed_query(query)
        embedded = perf_counter()
        candidates = await in_tenant(
            instance,
            search_embedded,
            instance=instance,
            query=query,
            embedding=embedding,
            limit=candidate_count(top_k),
            document_ids=document_ids,
        )
    chunks = await arerank_chunks(query, candidates, top_k)
    return _result(instance, chunks, start, embedded)


def _turn() -> asyncio.Semaphore:
    """The turns of the running event loop."""
    return _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_SEARCHES_AT_ONCE))


def search_embedded(
    *,
    instance: Instance,
    query: str,
    embedding: NDArray[np.float32],
    limit: int,
    document_ids: Sequence[UUID] = (),
) -> tuple[RetrievedChunk, ...]:
    """Return the ``limit`` best chunks by fusion for a question already embedded.

    ``embedding`` is of shape ``(dim,)``, L2-normalised. Runs inside ``tenant(instance)``.
    """
    question = prepare_question(instance_id=instance.pk, query=query, embedding=embedding)
    rows = rank_chunks(
        instance_id=instance.pk, question=question, limit=limit, document_ids=document_ids
    )
    return tuple(
        RetrievedChunk(
            **row,
            relevance=passage_relevance(
                question,
                cosine=row["cosine"],
                bm25=row["bm25"],
                embedding_model=settings.EMBEDDING_MODEL,
            ),
        )
        for row in rows
    )


def _result(
    instance: Instance, chunks: tuple[RetrievedChunk, ...], start: float, embedded: float
) -> SearchResult:
    threshold = THRESHOLDS[instance.strictness]
    return SearchResult(
        chunks=chunks,
        relevant=any(chunk.relevance >= threshold for chunk in chunks),
        timing=SearchTiming(
            embed_ms=1000 * (embedded - start), search_ms=1000 * (perf_counter() - embedded)
        ),
    )
