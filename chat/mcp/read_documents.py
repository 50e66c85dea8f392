"""The tools ``list_documents`` and ``read_document``."""

from datetime import date
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, Field

from chat.mcp.search_documents import FilterArguments
from chat.mcp.tool import Arguments, Tool, ToolResult, Words, document_link
from ingestion.api.documents import MAX_OFFSET, find
from ingestion.documents.queries import named_documents
from ingestion.models import DocumentPage
from ingestion.places import Place, place_of
from instances.models import ApiKey
from instances.tenancy import in_tenant
from retrieval.filters.choosing import chosen_documents

PAGE_SIZE = 50
# What a model takes in well; a page of a text file may be longer.
MAX_CHARS = 40_000
_MAX_PAGES = 100


class ListArguments(FilterArguments):
    words: Words = Field("", max_length=200, description="Words of the title, name or folder.")
    offset: int = Field(0, ge=0, le=MAX_OFFSET, description="How many documents to skip.")


class ListedDocument(BaseModel):
    document_id: str
    document: str
    title: str
    folder: str
    kind: str
    dated: date | None
    tags: list[str]
    pages: int
    link: str


class ListedDocuments(BaseModel):
    """``next_offset``: null on the last page."""

    documents: list[ListedDocument]
    total: int
    next_offset: int | None


class ReadArguments(Arguments):
    document_id: UUID = Field(description="As search and list_documents return it.")
    first_page: int = Field(1, ge=1, le=MAX_OFFSET, description="The first page to read.")
    last_page: int | None = Field(
        None, ge=1, le=MAX_OFFSET, description="The last page; without it, as many as fit."
    )
    offset: int = Field(
        0, ge=0, le=MAX_OFFSET, description="How many characters of the first page to skip."
    )


class ReadPage(BaseModel):
    page: int
    place: str
    text: str


class ReadDocument(BaseModel):
    """``next_page`` and ``next_offset``: where to read on; null at the end."""

    document_id: str
    document: str
    title: str
    link: str
    n_pages: int
    pages: list[ReadPage]
    next_page: int | None
    next_offset: int | None


async def _list(key: ApiKey, arguments: ListArguments) -> ToolResult:
    listed = await in_tenant(key.instance, _listed, key, arguments)
    lines = [
        f"{each.title} (document {each.document_id}), {each.pages} p.\n{each.link}"
        for each in listed.documents
    ]
    return ToolResult(text="\n\n".join(lines) or str(_("There is no document.")), data=listed)


def _listed(key: ApiKey, arguments: ListArguments) -> ListedDocuments:
    matching = named_documents(chosen_documents(key.instance, arguments.chosen), arguments.words)
    total, end = matching.count(), arguments.offset + PAGE_SIZE
    documents = matching.order_by("-created_at", "pk")[arguments.offset : end]
    return ListedDocuments(
        documents=[
            ListedDocument(
                document_id=str(document.pk),
                document=document.name,
                title=document.display_title,
                folder=document.folder,
                kind=document.category,
                dated=document.dated,
                tags=document.tags,
                pages=document.pages,
                link=document_link(key.instance, document.pk),
            )
            for document in documents
        ],
        total=total,
        next_offset=end if end < total else None,
    )


async def _read(key: ApiKey, arguments: ReadArguments) -> ToolResult:
    read = await in_tenant(key.instance, _pages, key, arguments)
    parts = [f"{read.title}\n{read.link}"]
    parts += [f"[{page.place}]\n{page.text}" for page in read.pages]
    if not read.pages:
        parts.append(str(_("There is no text on these pages.")))
    if read.next_page is not None:
        parts.append(f"(first_page={read.next_page}, offset={read.next_offset} …)")
    return ToolResult(text="\n\n".join(parts), data=read)


def _pages(key: ApiKey, arguments: ReadArguments) -> ReadDocument:
    """Return pages of a document until ``MAX_CHARS`` are full. Raises ApiError (404)."""
    document = find(key.instance, arguments.document_id)
    last = min(arguments.last_page or MAX_OFFSET, arguments.first_page + _MAX_PAGES - 1)
    rows = DocumentPage.objects.for_instance(key.instance).filter(
        document=document, number__gte=arguments.first_page, number__lte=last
    )
    pages: list[ReadPage] = []
    room, skipped, following = MAX_CHARS, arguments.offset, None
    for row in rows.order_by("number").iterator(chunk_size=10):
        if not room:
            following = (row.number, 0)
            break
        text = row.text[skipped : skipped + room]
        place = place_of(Place.of_page(document, row.number, row.label))
        pages.append(ReadPage(page=row.number, place=place, text=text))
        room -= len(text)
        if skipped + len(text) < len(row.text):
            following = (row.number, skipped + len(text))
            break
        skipped = 0
    else:
        if last < document.pages and arguments.last_page is None:
            following = (last + 1, 0)
    next_page, next_offset = following or (None, None)
    return ReadDocument(
        document_id=str(document.pk),
        document=document.name,
        title=document.display_title,
        link=document_link(key.instance, document.pk, page=arguments.first_page),
        n_pages=document.pages,
        pages=pages,
        next_page=next_page,
        next_offset=next_offset,
    )


LIST_DOCUMENTS = Tool(
    name="list_documents",
    title=_("List the documents"),
    description="List the documents, the latest first, 50 at a time: ids, titles, kinds, dates.",
    arguments=ListArguments,
    result=ListedDocuments,
    call=_list,
)
READ_DOCUMENT = Tool(
    name="read_document",
    title=_("Read a document"),
    description=(
        "Return the text of pages of a document, at most 40,000 characters at a time. Read on with "
        "first_page=next_page and offset=next_offset."
    ),
    arguments=ReadArguments,
    result=ReadDocument,
    call=_read,
)
