"""The best candidates put in order by a cross-encoder, where the operator has set one (RERANK_*).

A reranker reads question and passage together: better than any fusion of two scores, and far too
slow for more than a few dozen passages. Off by default. When it fails, the fused order stands.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from inference.embedding.rerank import RerankEndpoint, arerank, rerank
from inference.errors import InferenceError
from retrieval.results import RetrievedChunk

logger = logging.getLogger(__name__)

# How many of the best by fusion the reranker reads.
CANDIDATES = 30

Chunks = tuple[RetrievedChunk, ...]


def candidate_count(top_k: int) -> int:
    """Return how many chunks to rank by fusion so that ``top_k`` can be returned."""
    return top_k if RerankEndpoint.from_settings() is None else max(top_k, CANDIDATES)


@dataclass(frozen=True, slots=True)
class Reranked:
    """The best chunks, best first, and what the reranker took of our processors."""

    chunks: Chunks
    processor_seconds: float = 0.0


def rerank_chunks(query: str, chunks: Chunks, top_k: int) -> Reranked:
    """Return the ``top_k`` best chunks, reordered and rescored if there is a reranker."""
    endpoint = RerankEndpoint.from_settings()
    if endpoint is None:
        return Reranked(chunks[:top_k])
    try:
        found = rerank(endpoint, query, [chunk.text for chunk in chunks])
    except InferenceError as error:
        logger.warning("not reranked: %s", error)
        return Reranked(chunks[:top_k])
    return Reranked(_rescored(chunks, found.scores)[:top_k], found.processor_seconds)


async def arerank_chunks(query: str, chunks: Chunks, top_k: int) -> Reranked:
    """As ``rerank_chunks``, on the event loop."""
    endpoint = RerankEndpoint.from_settings()
    if endpoint is None:
        return Reranked(chunks[:top_k])
    try:
        found = await arerank(endpoint, query, [chunk.text for chunk in chunks])
    except InferenceError as error:
        logger.warning("not reranked: %s", error)
        return Reranked(chunks[:top_k])
    return Reranked(_rescored(chunks, found.scores)[:top_k], found.processor_seconds)


def _rescored(chunks: Chunks, scores: Sequence[float]) -> Chunks:
    """The chunks by the reranker's scores, best first; equal ones stay in the fused order."""
    rescored = [replace(c, score=score) for c, score in zip(chunks, scores, strict=True)]
    return tuple(sorted(rescored, key=lambda chunk: -chunk.score))
