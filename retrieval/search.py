"""From a question to ranked passages: the retrieval half of the second straight line.

    question → embed ─┐
             → terms ─┴→ score every chunk (dense, lexical) → fuse → best top_k passages

- *Dense*: the cosine between the question's embedding and each chunk's finds passages that say the
  same in other words, or in another language.
- *Lexical*: BM25 over stems (``ingestion.indexing.lexical``) finds names, numbers and exact terms.
- *Fusion* (``retrieval.fusion``) adds the two, each divided by its own scale.
- ``retrieval.ranking`` does all of it in one SQL statement.
- ``retrieval.rerank`` puts the best in a better order, where the operator has set a reranker.
- ``retrieval.relevance`` says whether the best passages are good enough to answer from.

What was decided and measured: docs/decisions/005-retrieval.md.
"""

from collections.abc import Sequence
from time import perf_counter, thread_time
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from inference.embedding.client import AsyncEmbeddingClient, EmbeddingClient
from inference.fair_turns import Asker, turns_at
from instances.models import Instance
from instances.tenancy import in_tenant
from retrieval.ranking import prepare_question, rank_chunks
from retrieval.relevance import THRESHOLDS, passage_relevance
from retrieval.rerank import arerank_chunks, candidate_count, rerank_chunks
from retrieval.results import RetrievedChunk, SearchResult, SearchTiming

# To which a question may be restricted.
MAX_DOCUMENTS = 100
# When many ask in the same instant, they are answered in fair turns: all at once, they would all
# end last, as a process has one interpreter. Enough to keep models and database busy.
_SEARCHES_AT_ONCE = 4
_RERANKINGS_AT_ONCE = 4

__all__ = ["RetrievedChunk", "SearchResult", "SearchTiming", "asearch", "search"]


def search(
    *, instance: Instance, query: str, top_k: int, document_ids: Sequence[UUID] = ()
) -> SearchResult:
    """Return the ``top_k`` best chunks for a question, of the chosen documents if any are given.

    Runs inside ``tenant(instance)``; raises ``InferenceError`` if the question cannot be embedded.
    """
    start = perf_counter()
    question = EmbeddingClient.from_settings().embed_query(query)
    embedded = perf_counter()
    candidates, ranking_seconds = _search_measured(
        instance=instance,
        query=query,
        embedding=question.vector,
        limit=candidate_count(top_k),
        document_ids=document_ids,
    )
    reranked = rerank_chunks(query, candidates, top_k)
    processor_seconds = question.processor_seconds + ranking_seconds + reranked.processor_seconds
    return _result(instance, reranked.chunks, start, embedded, processor_seconds)


async def asearch(
    *,
    instance: Instance,
    query: str,
    top_k: int,
    document_ids: Sequence[UUID] = (),
    person: str = "",
) -> SearchResult:
    """As ``search``, outside any transaction: no connection is held while a model works.

    Instances take turns, and inside an instance its people (``person``: whoever asks).
    """
    start = perf_counter()
    asker = Asker(instance.pk, person)
    async with turns_at("search", places=_SEARCHES_AT_ONCE).turn(asker):
        question = await AsyncEmbeddingClient.from_settings().embed_query(query)
        embedded = perf_counter()
        candidates, ranking_seconds = await in_tenant(
            instance,
            _search_measured,
            instance=instance,
            query=query,
            embedding=question.vector,
            limit=candidate_count(top_k),
            document_ids=document_ids,
        )
    async with turns_at("rerank", places=_RERANKINGS_AT_ONCE).turn(asker):
        reranked = await arerank_chunks(query, candidates, top_k)
    processor_seconds = question.processor_seconds + ranking_seconds + reranked.processor_seconds
    return _result(instance, reranked.chunks, start, embedded, processor_seconds)


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


def _search_measured(**arguments: Any) -> tuple[tuple[RetrievedChunk, ...], float]:
    """Return what ``search_embedded`` does, and the processor seconds of this thread."""
    started = thread_time()
    return search_embedded(**arguments), thread_time() - started


def _result(
    instance: Instance,
    chunks: tuple[RetrievedChunk, ...],
    start: float,
    embedded: float,
    processor_seconds: float,
) -> SearchResult:
    threshold = THRESHOLDS[instance.strictness]
    return SearchResult(
        chunks=chunks,
        relevant=any(chunk.relevance >= threshold for chunk in chunks),
        timing=SearchTiming(
            embed_ms=1000 * (embedded - start), search_ms=1000 * (perf_counter() - embedded)
        ),
        processor_seconds=processor_seconds,
    )
