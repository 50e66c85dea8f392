"""The requests to models that a search made, for their usage records."""

from collections.abc import Iterator

from django.conf import settings

from usage.recording import Kind, MeasuredRequest, Outcome


def search_requests(
    *, cpu_seconds: float, total_ms: float, rerank_model: str, rerank_seconds: float
) -> Iterator[MeasuredRequest]:
    """Yield the embedding of the query with the ranking, and the reranking if there was one.

    Times are processor seconds of our own machines (``retrieval.results.SearchResult``).
    """
    yield MeasuredRequest(
        kind=Kind.EMBEDDING,
        outcome=Outcome.COMPLETE,
        model_id=settings.EMBEDDING_MODEL,
        cpu_seconds=cpu_seconds,
        total_ms=total_ms,
    )
    if rerank_model:
        yield MeasuredRequest(
            kind=Kind.RERANK,
            outcome=Outcome.COMPLETE,
            model_id=rerank_model,
            cpu_seconds=rerank_seconds,
        )
