"""The tool ``search``: passages of the documents, without an answer."""

from datetime import date

from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, Field, field_validator

from chat.mcp.tool import Arguments, Tool, ToolResult, Words, document_link
from ingestion.places import place_of
from instances.models import ApiKey, Instance
from instances.tenancy import in_tenant
from retrieval.filters.choosing import ChosenFilter, choose_documents
from retrieval.filters.wording import cut_words
from retrieval.measured_requests import measured_search
from retrieval.results import RetrievedChunk
from usage.quotas.subjects import QuotaHolder

MAX_PASSAGES = 50


class FilterArguments(Arguments):
    folder: Words = Field(
        "", max_length=500, description="Only documents of this folder and those below it."
    )
    tag: Words = Field("", max_length=50, description="Only documents with this tag.")
    kind: Words = Field(
        "",
        max_length=60,
        description='Only documents of this kind, in words: "minutes", "note de service".',
    )
    since: date | None = Field(None, description="Only documents dated on this day or later.")
    until: date | None = Field(None, description="Only documents dated on this day or before.")

    @property
    def chosen(self) -> ChosenFilter:
        """The filter of the documents."""
        return ChosenFilter(
            folder=self.folder, tag=self.tag, kind=self.kind, since=self.since, until=self.until
        )


class SearchArguments(FilterArguments):
    query: Words = Field(
        min_length=1,
        max_length=8000,
        description="What to look for: a question or words, in any language.",
    )
    limit: int = Field(8, ge=1, le=MAX_PASSAGES, description="How many passages at most.")

    @field_validator("query")
    @classmethod
    def refuse_blank(cls, query: str) -> str:
        """Refuse a query without anything to search for."""
        if not query.strip():
            raise ValueError("the query is empty")
        return query


class FoundPassage(BaseModel):
    document_id: str
    document: str
    title: str
    page: int
    page_label: str
    place: str
    heading: str
    text: str
    score: float
    link: str


class FoundPassages(BaseModel):
    """``relevant``: whether any passage probably answers; ``note``: what was not searched."""

    passages: list[FoundPassage]
    relevant: bool
    note: str


async def _search(key: ApiKey, arguments: SearchArguments) -> ToolResult:
    chosen = await in_tenant(key.instance, choose_documents, key.instance, arguments.chosen)
    if chosen is not None and not chosen.ids:
        none = str(_("No document matches these filters."))
        return ToolResult(text=none, data=FoundPassages(passages=[], relevant=False, note=none))
    found, admitted = await measured_search(
        QuotaHolder.of_key(key),
        arguments.query,
        top_k=arguments.limit,
        document_ids=chosen.ids if chosen else (),
        may_filter=chosen is None,
    )
    passages = FoundPassages(
        passages=[_passage(key.instance, chunk) for chunk in found.chunks],
        relevant=found.relevant,
        note=cut_words(chosen) if chosen else "",
    )
    return ToolResult(text=_text(passages), data=passages, headers=admitted.headers)


def _passage(instance: Instance, chunk: RetrievedChunk) -> FoundPassage:
    return FoundPassage(
        document_id=str(chunk.document_id),
        document=chunk.document_name,
        title=chunk.display_title,
        page=chunk.page_start,
        page_label=chunk.page_label,
        place=place_of(chunk),
        heading=chunk.heading,
        text=chunk.text,
        score=round(chunk.score, 4),
        link=document_link(instance, chunk.document_id, chunk=chunk.chunk_id),
    )


def _text(found: FoundPassages) -> str:
    """Return the passages as a model reads them, each under its source."""
    parts = [found.note] if found.note else []
    if not found.passages:
        parts.append(str(_("No passage was found.")))
    for number, passage in enumerate(found.passages, 1):
        head = f"[{number}] {passage.title}, {passage.place} (document {passage.document_id})"
        parts.append("\n".join(filter(None, (head, passage.link, passage.heading, passage.text))))
    return "\n\n".join(parts)


SEARCH = Tool(
    name="search",
    title=_("Search the documents"),
    description=(
        "Find the passages of the documents that answer a question or contain words. Returns each "
        "passage with its document, page, link and score, best first. Cite the link."
    ),
    arguments=SearchArguments,
    result=FoundPassages,
    call=_search,
)
