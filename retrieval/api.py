"""``/api/v1/search``: passages found for a query, without an answer."""

from datetime import date
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema
from pydantic import field_validator

from instances.api import AsyncApiKeyAuth, KeyRequest
from retrieval.filters.wording import filter_data
from retrieval.measured_requests import measured_search
from retrieval.search import MAX_DOCUMENTS
from usage.quotas.api_requests import add_headers
from usage.quotas.subjects import QuotaHolder

router = Router(tags=["search"])


class SearchIn(Schema):
    query: str = Field(min_length=1, max_length=8000)
    top_k: int = Field(6, ge=1, le=100)
    document_ids: list[UUID] = Field([], max_length=MAX_DOCUMENTS, fail_fast=True)
    # Whether the kind and the date of documents in the query restrict the search.
    filters: bool = True

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
    page_label: str
    page_end_label: str
    heading: str
    text: str
    score: float
    chunk_id: int


class Timing(Schema):
    embed: float
    search: float
    total: float


class AppliedFilterOut(Schema):
    """What the query says of the documents to search; ``kept``: they answer."""

    kind: str
    since: date | None
    until: date | None
    latest: bool
    documents: int
    kept: bool


class SearchOut(Schema):
    results: list[SearchHit]
    filters: AppliedFilterOut | None
    timing_ms: Timing


@router.post("/search", auth=AsyncApiKeyAuth(), response=SearchOut, summary="Search passages")
async def search_passages(request: KeyRequest, response: HttpResponse, body: SearchIn) -> SearchOut:
    found, admitted = await measured_search(
        QuotaHolder.of_key(request.auth),
        body.query,
        top_k=body.top_k,
        document_ids=body.document_ids,
        may_filter=body.filters,
    )
    add_headers(response, admitted.headers)
    hits = [
        SearchHit(
            document_id=chunk.document_id,
            document=chunk.document_name,
            page=chunk.page_start,
            page_end=chunk.page_end,
            page_label=chunk.page_label,
            page_end_label=chunk.page_end_label,
            heading=chunk.heading,
            text=chunk.text,
            score=chunk.score,
            chunk_id=chunk.chunk_id,
        )
        for chunk in found.chunks
    ]
    timing = found.timing
    applied = filter_data(found.filter)
    return SearchOut(
        results=hits,
        filters=None if applied is None else AppliedFilterOut(**applied),
        timing_ms=Timing(embed=timing.embed_ms, search=timing.search_ms, total=timing.total_ms),
    )
