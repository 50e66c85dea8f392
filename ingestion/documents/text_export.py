"""Stream the extracted text of a document, reading a few pages at a time.

A document may have twenty million characters. A response built in memory would take a hundred
megabytes and block the event loop while it is encoded.
"""

from collections.abc import AsyncIterator, Iterable

import orjson

from ingestion.models import Document, DocumentPage
from instances.tenancy import in_tenant

_PAGES_AT_A_TIME = 50


async def plain_text(document: Document) -> AsyncIterator[bytes]:
    """Yield the text in UTF-8, with a form feed between pages."""
    separator = ""
    async for page in _pages(document):
        yield f"{separator}{page.text}".encode()
        separator = "\f"


async def json_text(document: Document) -> AsyncIterator[bytes]:
    """Yield ``{"id", "unit", "pages": [{"number", "label", "text", "ocr_confidence"}]}``.

    ``ocr_confidence`` is that of text which OCR read, in percent, null for text of the file.
    """
    head = orjson.dumps({"id": document.pk, "unit": document.unit})
    yield head.removesuffix(b"}") + b',"pages":['
    separator = b""
    async for page in _pages(document):
        shown = {
            "number": page.number,
            "label": page.label,
            "text": page.text,
            "ocr_confidence": page.ocr_confidence,
        }
        yield separator + orjson.dumps(shown)
        separator = b","
    yield b"]}"


async def _pages(document: Document) -> AsyncIterator[DocumentPage]:
    """Yield the pages in order; no database connection is held while the client receives them."""
    last = 0
    while pages := await in_tenant(document.instance_id, _following, document, last):
        for page in pages:
            yield page
        last = pages[-1].number


def _following(document: Document, number: int) -> list[DocumentPage]:
    pages: Iterable[DocumentPage] = (
        DocumentPage.objects.for_instance(document.instance_id)
        .filter(document=document, number__gt=number)
        .order_by("number")[:_PAGES_AT_A_TIME]
    )
    return list(pages)
