"""``/api/v1/search``: passages found for a query, without an answer."""

from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema
from pydantic import field_validator

from instances.api import AsyncApiKeyAuth, KeyRequest
from instances.models import ApiKey, Sensitivity
from instances.tenancy import in_tenant
from retrieval.measured_requests import search_requests
from retrieval.search import MAX_DOCUMENTS, SearchResult, asearch
from usage.admission import person_name
from usage.quotas.api_requests import add_headers, held_request
from usage.recording import Requester, record_requests

router = Router(tags=["search"])


class SearchIn(Schema):
    query: str = Field(min_length=1, max_length=8000)
    top_k: int = Field(6, ge=1, le=100)
    document_ids: list[UUID] = Field([], max_length=MAX_DOCUMENTS, fail_fast=True)

    @field_validator("query")
    @classmethod
    def refuse_blank(cls, query: str) -> str:
        """Refuse a query without anything to search for."""
        if not query.strip(" \t\r\n\0"):
            raise ValueError(_("The query is empty."))
        return query


class SearchHit(Schema):
    document_id: UUID
    document: str
    page: int
    page_end: int
    heading: str
    text: str
    score: float
    chunk_id: int


class Timing(Schema):
    embed: float
    search: float
    total: float


class SearchOut(Schema):
    results: list[SearchHit]
    timing_ms: Timing


@router.post("/search", auth=AsyncApiKeyAuth(), response=SearchOut, summary="Search passages")
async def search_passages(request: KeyRequest, response: HttpResponse, body: SearchIn) -> SearchOut:
    key = request.auth
    async with held_request(key) as admitted:
        add_headers(response, admitted.headers)
        found = await asearch(
            instance=key.instance,
            query=body.query,
            sensitivity=Sensitivity(key.instance.sensitivity),
            top_k=body.top_k,
            document_ids=body.document_ids,
            person=person_name(user_id=key.created_by_id, key_id=key.pk),
        )
    await in_tenant(key.instance_id, _record, key, admitted.request_id, found)
    hits = [
        SearchHit(
            document_id=chunk.document_id,
            document=chunk.document_name,
            page=chunk.page_start,
            page_end=chunk.page_end,
            heading=chunk.heading,
            text=chunk.text,
            score=chunk.score,
            chunk_id=chunk.chunk_id,
        )
        for chunk in found.chunks
    ]
    timing = found.timing
    return SearchOut(
        results=hits,
        timing_ms=Timing(embed=timing.embed_ms, search=timing.search_ms, total=timing.total_ms),
    )


def _record(key: ApiKey, request_id: UUID, found: SearchResult) -> None:
    """Record what a search cost."""
    requests = search_requests(
        cpu_seconds=found.processor_seconds,
        total_ms=found.timing.total_ms,
        rerank_model=found.rerank_model,
        rerank_seconds=found.rerank_seconds,
    )
    record_requests(list(requests), request_id=request_id, requester=Requester.of_key(key))
