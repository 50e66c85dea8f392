"""Send a document's file, whole or a range of it (RFC 9110, section 14).

An uploaded file may be a web page with a script. So it is sent with a sandboxing policy, and with
the media type found in its content.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import IO, Any

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
    StreamingHttpResponse,
)
from django.utils.http import content_disposition_header, parse_etags

from ingestion.models import Document
from ingestion.parsing.media_types import PDF

_BLOCK_BYTES = 1 << 18
_RANGE_POSITION = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True)
class ByteRange:
    """Bytes ``start`` to ``end``, both included."""

    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start + 1


class RangeNotSatisfiable(Exception):
    """The requested range lies outside the file."""


def parse_range(header: str, size: int) -> ByteRange | None:
    """Return the single byte range of a ``Range`` header, or None for the whole file.

    Several ranges, another unit or a malformed header give the whole file, as RFC 9110 allows.
    """
    unit, _, spec = header.partition("=")
    first, dash, last = spec.strip().partition("-")
    plain = all(_RANGE_POSITION.fullmatch(part) for part in (first, last) if part)
    if unit.strip() != "bytes" or not dash or not (first or last) or not plain:
        return None
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if first and last and int(last) < int(first):
        return None
    if start >= size:
        raise RangeNotSatisfiable
    return ByteRange(start, end)


async def file_response(
    request: HttpRequest, document: Document, *, attachment: bool
) -> HttpResponseBase:
    """Return the bytes of ``document``, all or in part; raises FileNotFoundError."""
    etag = f'"{document.sha256}"'
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponseNotModified(headers={"ETag": etag})
    size = document.size_bytes
    unchanged = request.headers.get("If-Range", etag) == etag
    try:
        part = parse_range(request.headers.get("Range", "") if unchanged else "", size)
    except RangeNotSatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    sent = part or ByteRange(0, size - 1)
    content = await asyncio.to_thread(_open_at, document, sent.start)
    response = StreamingHttpResponse(
        _blocks(content, sent.length),
        status=206 if part else 200,
        content_type=document.media_type,
        headers=_headers(document, sent, etag, attachment=attachment),
    )
    if part:
        response["Content-Range"] = f"bytes {part.start}-{part.end}/{size}"
    return response


def _headers(document: Document, sent: ByteRange, etag: str, *, attachment: bool) -> dict[str, str]:
    inline = document.media_type == PDF and not attachment
    return {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": content_disposition_header(not inline, document.name) or "",
        "Content-Length": str(sent.length),
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "ETag": etag,
        "X-Content-Type-Options": "nosniff",
    }


def _open_at(document: Document, start: int) -> IO[bytes]:
    storage: Any = document.file.storage
    content: IO[bytes]
    if hasattr(storage, "open_at"):
        content = storage.open_at(str(document.file.name), start)
    else:
        content = storage.open(str(document.file.name), "rb")
        content.seek(start)
    return content


async def _blocks(content: IO[bytes], remaining: int) -> AsyncIterator[bytes]:
    try:
        while remaining > 0:
            block = await asyncio.to_thread(content.read, min(_BLOCK_BYTES, remaining))
            if not block:
                return
            remaining -= len(block)
            yield block
    finally:
        content.close()
