"""Pictures of the pages of PDF files and images, and the places of their words, for browsers.

They are made in the confined child process (``ingestion.sandbox``), one at a time in a web process:
instances take turns. A picture is drawn once (``ingestion.documents.picture_cache``).
"""

import asyncio
from collections.abc import Callable
from io import BytesIO
from typing import TypeVar

from django.conf import settings
from PIL import Image

from inference.fair_turns import Asker, turns_at
from ingestion.documents.picture_cache import find_picture, keep_picture
from ingestion.errors import ImageOnlyDocument
from ingestion.models import Document
from ingestion.parsing.drawn_pages import PageWords
from ingestion.parsing.limits import MIB
from ingestion.parsing.media_types import PICTURES
from ingestion.recognition.pages import words_of
from ingestion.sandbox import (
    ParseLimits,
    PictureRequest,
    WordsRequest,
    load_picture,
    load_words,
    run_in_child,
)
from ingestion.storage import opened_nearby
from instances.tenancy import in_tenant

# Widths in pixels; few, so that a browser that has drawn a page can show it again.
WIDTHS = (640, 960, 1440, 2160, 3240)
PICTURE_TYPE = "image/webp"
# To change when the same file gives another picture, or other words.
VERSION = 1
_QUALITY = 80
# A greater one takes twice as long for a twentieth of the bytes.
_EFFORT = 2
# A reader waits for it.
_LIMITS = ParseLimits(
    memory_bytes=512 * MIB, cpu_seconds=10, wall_seconds=15, max_result_bytes=80 * MIB
)

Result = TypeVar("Result")


async def page_picture(document: Document, number: int, width: int, asker: Asker) -> bytes:
    """Return a page, counted from 1, as a WebP picture; raises ``ingestion.errors``.

    ``width`` is one of ``WIDTHS``, and less for a page that would have too many pixels.
    """
    name = f"{number}-{width}-{VERSION}.webp"
    if (drawn_before := await asyncio.to_thread(find_picture, document, name)) is not None:
        return drawn_before
    return await _in_turn(asker, lambda: _picture(document, number, width, name))


async def page_words(document: Document, number: int, asker: Asker) -> PageWords:
    """Return the words of a page, counted from 1; raises ``ingestion.errors``.

    Those of a page that is an image are what OCR read on it.
    """
    read_by_ocr = await in_tenant(document.instance_id, words_of, document, number)
    if read_by_ocr is not None:
        return read_by_ocr
    if document.media_type in PICTURES:
        raise ImageOnlyDocument("not read by OCR")
    request = WordsRequest(number, _LIMITS)
    return await _in_turn(asker, lambda: _read(document, request, load_words))


async def _in_turn(asker: Asker, work: Callable[[], Result]) -> Result:
    async with turns_at("pages", places=1).turn(asker):
        return await asyncio.to_thread(work)


def _picture(document: Document, number: int, width: int, name: str) -> bytes:
    if drawn_meanwhile := find_picture(document, name):
        return drawn_meanwhile
    drawn = _read(document, PictureRequest(number, width, _LIMITS), load_picture)
    size = (drawn.width, drawn.height)
    picture = Image.frombuffer("RGB", size, drawn.pixels, "raw", "RGB", drawn.stride, 1)
    file = BytesIO()
    picture.save(file, "WEBP", quality=_QUALITY, method=_EFFORT)
    keep_picture(document, name, file.getvalue())
    return file.getvalue()


def _read(
    document: Document, request: PictureRequest | WordsRequest, load: Callable[[bytes], Result]
) -> Result:
    with opened_nearby(document.file) as content:
        result, _cpu_seconds = run_in_child(
            content, request=request, load=load, require_protections=settings.SANDBOX_REQUIRED
        )
    return result
