"""Pictures, told by their header.

A text may begin with the letters of any of them ("GIF89a or WebP?"), so what follows must fit, too.
"""

import re
from collections.abc import Mapping
from typing import BinaryIO

from ingestion.parsing import media_types as types

_STARTS: Mapping[str, re.Pattern[bytes]] = {
    types.PNG: re.compile(rb"\x89PNG\r\n\x1a\n"),
    types.JPEG: re.compile(rb"\xff\xd8\xff"),
    types.TIFF: re.compile(rb"II[\x2a\x2b]\0|MM\0[\x2a\x2b]"),
    # File and first chunk of less than 150 MB: the last byte of either size is no letter.
    # https://www.rfc-editor.org/rfc/rfc9649#section-2.4
    types.WEBP: re.compile(rb"RIFF...[\0-\x08]WEBPVP8[ LX]...[\0-\x08]", re.DOTALL),
    # The reserved zeros, and the size of the second header.
    types.BMP: re.compile(rb"BM....\0\0\0\0....[\x0c-\x7c]\0\0\0", re.DOTALL),
}
# Signature, size, flags, background, aspect: https://www.w3.org/Graphics/GIF/spec-gif89a.txt
_GIF = re.compile(rb"GIF8[79]a.{4}(.)..", re.DOTALL)
# Plain text, graphic control, comment, application.
_GIF_EXTENSION = re.compile(rb"![\x01\xf9\xfe\xff]")
# Place, size, flags.
_GIF_IMAGE = re.compile(rb",.{8}(.)", re.DOTALL)
_GIF_CODE_BITS = range(2, 9)
# Two colour tables of 256 colours, and what is around them.
_HEAD_BYTES = 2048


def picture_type(file: BinaryIO) -> str | None:
    """Return the media type of a picture, None for other files."""
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    if _is_gif(head):
        return types.GIF
    return next((found for found, start in _STARTS.items() if start.match(head)), None)


def _is_gif(head: bytes) -> bool:
    """Whether an extension or an image follows the header of a GIF and its colours."""
    header = _GIF.match(head)
    if not header:
        return False
    block = header.end() + _colour_bytes(header.group(1)[0])
    if _GIF_EXTENSION.match(head, block):
        return True
    image = _GIF_IMAGE.match(head, block)
    if not image:
        return False
    data = image.end() + _colour_bytes(image.group(1)[0])
    return data < len(head) and head[data] in _GIF_CODE_BITS


def _colour_bytes(flags: int) -> int:
    """The size of the colour table that follows, 0 without one."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0
