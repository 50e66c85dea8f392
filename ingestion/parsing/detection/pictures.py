"""Pictures, told by their first bytes."""

import re
from collections.abc import Mapping
from typing import BinaryIO

from ingestion.parsing import media_types as types

# Of a bitmap also the reserved zeros of its header: a text may begin with "BM".
_STARTS: Mapping[str, re.Pattern[bytes]] = {
    types.PNG: re.compile(rb"\x89PNG\r\n\x1a\n"),
    types.JPEG: re.compile(rb"\xff\xd8\xff"),
    types.TIFF: re.compile(rb"II[\x2a\x2b]\0|MM\0[\x2a\x2b]"),
    types.WEBP: re.compile(rb"RIFF....WEBP", re.DOTALL),
    types.GIF: re.compile(rb"GIF8[79]a"),
    types.BMP: re.compile(rb"BM....\0\0\0\0....[\x0c-\x7c]\0\0\0", re.DOTALL),
}
_HEAD_BYTES = 32


def picture_type(file: BinaryIO) -> str | None:
    """Return the media type of a picture, None for other files."""
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    return next((found for found, start in _STARTS.items() if start.match(head)), None)
