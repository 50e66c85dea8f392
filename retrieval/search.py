"""Searches an instance: from a query to ranked passages.

    query → embedding ─┐
          → terms ─────┴→ score every chunk (dense, lexical) → fuse → best top_k passages

- *Dense*: the cosine of the embeddings of query and chunk finds passages with the same meaning in
  other words, or in another language.
- *Lexical*: BM25 over stems (``ingestion.indexing.lexical``) finds names, numbers and exact terms.
- *Fusion* (``retrieval.fusion``) adds the two, each divided by its own scale.
- ``retrieval.filters`` restricts it to the kind or the date of documents that the query names.
- ``retrieval.acronyms`` adds the long forms of the query's acronyms, or the reverse.
- ``retrieval.ranking`` computes both scores and the fusion in one SQL statement.
- ``retrieval.duplicates.folding`` keeps one of several passages that say the same.
- ``retrieval.duplicates.in_force`` prefers what was in force at the time that the query names.
- ``retrieval.rerank`` reorders the best chunks, if a reranker is configured, with the same
  preference.
- ``retrieval.relevance`` estimates whether the best passages are relevant.
- ``usage.subjects`` tells the query's subject from its embedding, for the usage record.

Decisions and measurements: docs/decisions/005-retrieval.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter, thread_time
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from inference.embedding.client import AsyncEmbeddingClient, EmbeddingClient, EmbeddingEndpoint
from inference.embedding.vectors import EmbeddedQuery
from inference.fair_turns import Asker, turns_at
from ingestion.documents.groups import MAX_GROUP_DOCUMENTS
from ingestion.indexing.lexical import words_of_terms
from instances.models import Instance, Sensitivity
from instances.tenancy import in_tenant
from retrieval.duplicates.folding import FOLDED, fold_copies
from retrieval.duplicates.in_force import prefer_in_force
from retrieval.evidence.questions import read_question
from retrieval.filters.matching import AppliedFilter, find_filter
from retrieval.fusion import WeightedQuery
from retrieval.masking import amasked, masked
from retrieval.ranking import prepare_query, rank_chunks
from retrieval.relevance import threshold_of, with_relevance
from retrieval.rerank import Reranked, arerank_chunks, candidate_count, rerank_chunks
from retrieval.results import RetrievedChunk, SearchResult, SearchTiming
from usage.subjects.classifier import Subject
from usage.subjects.preparation import classify_question

# The maximum number of documents to which a search can be restricted: those of a folder.
MAX_DOCUMENTS = MAX_GROUP_DOCUMENTS
# Simultaneous searches wait for fair turns: run all at once in one interpreter, all would end late.
# Enough to keep the database busy.
_SEARCHES_AT_ONCE = 4
# Questions that wait for one another are embedded together (inference.embedding.query_batches),
# each in half of the processor time.
_EMBEDDED_AT_ONCE = 16
_RERANKINGS_AT_ONCE = 4

__all__ = ["RetrievedChunk", "SearchResult", "SearchTiming", "aembed", "asearch", "search"]


def search(
    *,
    instance: Instance,
    query: str,
    sensitivity: Sensitivity,
    top_k: int,
    document_ids: Sequence[UUID] = (),
) -> SearchResult:
    """Return the ``top_k`` best chunks for a query, of ``document_ids`` only if any are given.

    ``sensitivity`` is the level of the query, which is sent to the embedding server.

    Runs inside ``tenant(instance)``; raises ``InferenceError`` if the query cannot be embedded.
    """
    start = perf_counter()
    endpoint = EmbeddingEndpoint.for_instance(instance.pk, instance.embedding_model)
    sent = masked(instance, query, endpoint.base_url)
    embedded_query = EmbeddingClient(endpoint).embed_query(sent, sensitivity=sensitivity)
    embedded = perf_counter()
    candidates = _find_candidates(
        instance=instance,
        query=query,
        embedding=embedded_query.vector,
        limit=candidate_count(top_k),
        document_ids=document_ids,
    )
    reranked = rerank_chunks(instance, query, candidates.chunks, top_k, sensitivity=sensitivity)
    return _result(instance, candidates, reranked, start, embedded, embedded_query)


async def asearch(
    *,
    instance: Instance,
    query: str,
    sensitivity: Sensitivity,
    top_k: int,
    document_ids: Sequence[UUID] = (),
    person: str = "",
    embedded_query: EmbeddedQuery | None = None,
    may_filter: bool = False,
    attached: Sequence[UUID] = (),
) -> SearchResult:
    """Asynchronous version of ``search``, which must be called outside any transaction.

    No database connection is held while a model works. Instances take turns, and within an instance
    its people (``person``, by ``usage.admission.person_name``). ``embedded_query`` is the query as
    ``aembed`` returns it, if it is known already. With ``may_filter``, a query that names a kind or
    a date of documents is searched for in these, unless they do not answer. ``attached`` are files
    of the conversation, which are always searched besides.
    """
    start = perf_counter()
    asker = Asker(instance.pk, person)
    if embedded_query is None:
        embedded_query = await aembed(
            query, instance=instance, sensitivity=sensitivity, asker=asker
        )
    embedded = perf_counter()
    async with turns_at("search", places=_SEARCHES_AT_ONCE).turn(asker):
        candidates = await in_tenant(
            instance,
            _find_candidates,
            instance=instance,
            query=query,
            embedding=embedded_query.vector,
            limit=candidate_count(top_k),
            document_ids=document_ids,
            may_filter=may_filter,
            attached=attached,
        )
    async with turns_at("rerank", places=_RERANKINGS_AT_ONCE).turn(asker):
        reranked = await arerank_chunks(
            instance, query, candidates.chunks, top_k, sensitivity=sensitivity
        )
    return _result(instance, candidates, reranked, start, embedded, embedded_query)


async def aembed(
    query: str, *, instance: Instance, sensitivity: Sensitivity, asker: Asker
) -> EmbeddedQuery:
    """Embed a query in its turn, by the model of an instance; raises ``InferenceError``.

    Another machine gets it without personal data (``retrieval.masking``).
    """
    async with turns_at("embedding", places=_EMBEDDED_AT_ONCE).turn(asker):
        endpoint = EmbeddingEndpoint.of_model(instance.embedding_model)
        sent = await amasked(instance, query, endpoint.base_url)
        return await AsyncEmbeddingClient(endpoint).embed_query(sent, sensitivity=sensitivity)


def search_embedded(
    *,
    instance: Instance,
    query: str,
    embedding: NDArray[np.float32],
    limit: int,
    document_ids: Sequence[UUID] = (),
) -> tuple[RetrievedChunk, ...]:
    """Return the ``limit`` best chunks by fusion for an embedded query.

    ``embedding`` is of shape ``(dim,)``, L2-normalised. Runs inside ``tenant(instance)``.
    """
    weighted = prepare_query(instance=instance, query=query, embedding=embedding)
    return _rank(instance, query, weighted, limit, document_ids)


def _rank(
    instance: Instance,
    query: str,
    weighted: WeightedQuery,
    limit: int,
    document_ids: Sequence[UUID],
    attached: Sequence[UUID] = (),
) -> tuple[RetrievedChunk, ...]:
    """Return the ``limit`` best chunks by fusion, copies folded, each with its relevance."""
    asked = read_question(query)
    level = Sensitivity(instance.sensitivity)
    rows = rank_chunks(
        instance_id=instance.pk,
        query=weighted,
        limit=limit + FOLDED,
        document_ids=document_ids,
        attached=attached,
    )
    chunks = (
        RetrievedChunk(
            **row | {"sensitivity": level.highest([level, row["sensitivity"]])}, relevance=0.0
        )
        for row in rows
    )
    kept = prefer_in_force(query, fold_copies(chunks))
    return tuple(with_relevance(asked, weighted, kept[:limit], weighted.embedding_model))


def is_relevant(chunks: Iterable[RetrievedChunk], instance: Instance) -> bool:
    """Whether one of the chunks is relevant, by the strictness of the instance."""
    return any(chunk.relevance >= threshold_of(instance) for chunk in chunks)


@dataclass(frozen=True, slots=True)
class _Candidates:
    """The best chunks by fusion, what else is known of the query, and the processor seconds."""

    chunks: tuple[RetrievedChunk, ...]
    subject: Subject
    unknown_words: tuple[str, ...]
    processor_seconds: float
    filter: AppliedFilter | None = None


def _find_candidates(
    *,
    instance: Instance,
    query: str,
    embedding: NDArray[np.float32],
    limit: int,
    document_ids: Sequence[UUID],
    may_filter: bool = False,
    attached: Sequence[UUID] = (),
) -> _Candidates:
    started = thread_time()
    prepare = partial(prepare_query, instance=instance, embedding=embedding, attached=attached)
    weighted = prepare(query=query)
    applied, chunks = None, tuple[RetrievedChunk, ...]()
    found = find_filter(instance, query) if may_filter and not document_ids else None
    if found is not None:
        applied, matching = found
        rest = applied.filter.rest if words_of_terms(applied.filter.rest) else query
        chunks = _rank(instance, rest, prepare(query=rest), limit, matching, attached)
        if not is_relevant(chunks, instance):
            applied, chunks = replace(applied, is_kept=False), ()
    chunks = chunks or _rank(instance, query, weighted, limit, document_ids, attached)
    words = words_of_terms(query)
    return _Candidates(
        chunks,
        classify_question(embedding, instance.embedding_model),
        tuple(word for term, word in words.items() if term not in weighted.terms),
        thread_time() - started,
        applied,
    )


def _result(
    instance: Instance,
    candidates: _Candidates,
    reranked: Reranked,
    start: float,
    embedded: float,
    embedded_query: EmbeddedQuery,
) -> SearchResult:
    return SearchResult(
        chunks=reranked.chunks,
        relevant=is_relevant(reranked.chunks, instance),
        subject=candidates.subject,
        timing=SearchTiming(
            embed_ms=1000 * (embedded - start), search_ms=1000 * (perf_counter() - embedded)
        ),
        processor_seconds=embedded_query.processor_seconds + candidates.processor_seconds,
        rerank_seconds=reranked.processor_seconds,
        rerank_model=reranked.model,
        embedding_model=instance.embedding_model_name,
        failed_rerank_model=reranked.failed_model,
        tokens=embedded_query.tokens,
        embedding_server=embedded_query.server,
        rerank_server=reranked.server,
        rerank_tokens=reranked.tokens,
        unknown_words=candidates.unknown_words,
        filter=candidates.filter,
    )
