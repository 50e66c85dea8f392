"""Searches without an answer, and the requests to models that a search made, recorded."""

from collections.abc import Sequence
from uuid import UUID

from inference.token_usage import TokenUsage
from instances.models import Sensitivity
from instances.tenancy import in_tenant
from retrieval.results import SearchResult
from retrieval.search import asearch
from usage.admission import person_name
from usage.embedding_requests import held_embedding
from usage.quotas.api_requests import AdmittedRequest
from usage.quotas.subjects import QuotaHolder
from usage.recording import (
    Kind,
    MeasuredRequest,
    Outcome,
    Requester,
    record_requests,
    vectors_request,
)


async def measured_search(
    holder: QuotaHolder,
    query: str,
    *,
    top_k: int,
    document_ids: Sequence[UUID] = (),
    may_filter: bool = False,
) -> tuple[SearchResult, AdmittedRequest]:
    """Search for a person or a program: admitted, within the quotas, and recorded.

    The other arguments are those of ``asearch``. Raises RequestRefused and ``InferenceError``.
    """
    async with held_embedding(holder) as admitted:
        found = await asearch(
            instance=holder.instance,
            query=query,
            sensitivity=Sensitivity(holder.instance.sensitivity),
            top_k=top_k,
            document_ids=document_ids,
            person=person_name(user_id=holder.user_id, key_id=holder.key_id),
            may_filter=may_filter,
        )
    await in_tenant(holder.instance, _record, holder, admitted.request_id, found)
    return found, admitted


def _record(holder: QuotaHolder, request_id: UUID, found: SearchResult) -> None:
    requester = Requester.of_holder(holder)
    record_requests(search_requests(found), request_id=request_id, requester=requester)


def search_requests(
    found: SearchResult, *, extraction_seconds: float = 0.0
) -> list[MeasuredRequest]:
    """Return the requests of a search: its embedding with the ranking, and the reranking if any.

    The embedding by a server other than ours is a request beside the ranking.

    A reranking that failed is one, too. ``extraction_seconds`` is processor time that belongs to
    the search: of extracts that replaced the answer of a language model.
    """
    requests = [
        embedding_request(
            outcome=Outcome.COMPLETE,
            model_id=found.embedding_model,
            cpu_seconds=found.processor_seconds + extraction_seconds,
            total_ms=found.timing.total_ms,
            tokens=found.tokens if found.embedding_server is None else None,
        )
    ]
    if found.embedding_server is not None:
        requests.append(
            vectors_request(found.embedding_server, found.embedding_model, tokens=found.tokens)
        )
    if found.rerank_model or found.failed_rerank_model:
        requests.append(
            MeasuredRequest(
                kind=Kind.RERANK,
                outcome=Outcome.COMPLETE if found.rerank_model else Outcome.FAILED,
                model_id=found.rerank_model or found.failed_rerank_model,
                llm=found.rerank_server,
                tokens=found.rerank_tokens,
                cpu_seconds=found.rerank_seconds,
            )
        )
    return requests


def embedding_request(
    *,
    outcome: Outcome,
    model_id: str,
    cpu_seconds: float = 0.0,
    total_ms: float = 0.0,
    tokens: TokenUsage | None = None,
    passages: int = 0,
) -> MeasuredRequest:
    """Return the embedding of a query with its search, or that of texts.

    ``cpu_seconds`` are processor seconds of our own machines.
    """
    return MeasuredRequest(
        kind=Kind.EMBEDDING,
        outcome=outcome,
        model_id=model_id,
        tokens=tokens,
        cpu_seconds=cpu_seconds,
        passages=passages,
        total_ms=total_ms,
    )
