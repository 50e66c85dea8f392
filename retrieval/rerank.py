"""Reranks the best chunks with a cross-encoder, if one is configured (settings ``RERANK_*``).

A cross-encoder reads query and passage together: more precise than the fused score, and too slow
for more than a few dozen passages. Off by default. When it fails, the fused order is kept. It knows
no dates, so what was in force is preferred again in its order.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from inference.embedding.rerank import Relevances, RerankEndpoint, arerank, rerank
from inference.errors import InferenceError, NotCleared
from inference.offered_models import ModelFigures
from inference.token_usage import TokenUsage
from instances.models import Instance, Sensitivity
from retrieval.duplicates.in_force import prefer_in_force
from retrieval.masking import amasked, masked
from retrieval.results import RetrievedChunk

logger = logging.getLogger(__name__)

# How many of the best chunks are reranked.
CANDIDATES = 30

Chunks = tuple[RetrievedChunk, ...]


def candidate_count(top_k: int) -> int:
    """Return how many chunks the fusion must return for ``top_k`` results."""
    return top_k if RerankEndpoint.from_settings() is None else max(top_k, CANDIDATES)


@dataclass(frozen=True, slots=True)
class Reranked:
    """The best chunks, best first, and the reranker with its processor time; "" without one.

    ``failed_model`` is a reranker that was asked and failed.
    """

    chunks: Chunks
    processor_seconds: float = 0.0
    model: str = ""
    failed_model: str = ""
    # Of a server other than ours (``Relevances``).
    server: ModelFigures | None = None
    tokens: TokenUsage | None = None


def rerank_chunks(
    instance: Instance, query: str, chunks: Chunks, top_k: int, *, sensitivity: Sensitivity
) -> Reranked:
    """Return the ``top_k`` best chunks, reordered and rescored if there is a reranker.

    ``sensitivity`` is the level of the query, which another machine gets without personal data
    (``retrieval.masking``). Runs inside ``tenant(instance)``.
    """
    endpoint = RerankEndpoint.from_settings()
    if endpoint is None:
        return Reranked(chunks[:top_k])
    texts, sent = [chunk.text for chunk in chunks], masked(instance, query, endpoint.base_url)
    try:
        found = rerank(endpoint, sent, texts, sensitivity=_highest(sensitivity, chunks))
    except InferenceError as error:
        return _not_reranked(endpoint, chunks[:top_k], error)
    return _reranked(endpoint, query, chunks, found, top_k)


async def arerank_chunks(
    instance: Instance, query: str, chunks: Chunks, top_k: int, *, sensitivity: Sensitivity
) -> Reranked:
    """Asynchronous version of ``rerank_chunks``, outside any transaction."""
    endpoint = RerankEndpoint.from_settings()
    if endpoint is None:
        return Reranked(chunks[:top_k])
    texts = [chunk.text for chunk in chunks]
    sent = await amasked(instance, query, endpoint.base_url)
    try:
        found = await arerank(endpoint, sent, texts, sensitivity=_highest(sensitivity, chunks))
    except InferenceError as error:
        return _not_reranked(endpoint, chunks[:top_k], error)
    return _reranked(endpoint, query, chunks, found, top_k)


def _highest(of_query: Sensitivity, chunks: Chunks) -> Sensitivity:
    return Sensitivity.highest([of_query, *(chunk.sensitivity for chunk in chunks)])


def _not_reranked(endpoint: RerankEndpoint, best: Chunks, error: InferenceError) -> Reranked:
    logger.warning("not reranked: %s", error)
    # Nothing was sent to a server that may not receive it.
    return Reranked(best, failed_model="" if isinstance(error, NotCleared) else endpoint.model)


def _reranked(
    endpoint: RerankEndpoint, query: str, chunks: Chunks, found: Relevances, top_k: int
) -> Reranked:
    best = tuple(prefer_in_force(query, _rescored(chunks, found.scores))[:top_k])
    return Reranked(
        best, found.processor_seconds, endpoint.model, server=found.server, tokens=found.tokens
    )


def _rescored(chunks: Chunks, scores: Sequence[float]) -> Chunks:
    """Return the chunks sorted by new scores, best first; ties keep the fused order."""
    pairs = zip(chunks, scores, strict=True)
    rescored = [replace(chunk, score=score, put_before=None) for chunk, score in pairs]
    return tuple(sorted(rescored, key=lambda chunk: -chunk.score))
