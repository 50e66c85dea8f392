"""The media type of a file, told by its content; the name only settles between kinds of text."""

from typing import BinaryIO

from ingestion.parsing import media_types as types
from ingestion.parsing.detection import ole2
from ingestion.parsing.detection.text import detect_text
from ingestion.parsing.detection.zips import detect_zip

_HEAD_BYTES = 16 * 1024


def detect(file: BinaryIO, name: str) -> str:
    """Return the media type of `file`, open on disk, called `name` by its owner.

    Raises UnsupportedMediaType for what ragapp does not read, EncryptedDocument for Office files
    wrapped in a password, CorruptDocument for a truncated zip.
    """
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    if b"%PDF-" in head[:1024]:
        return types.PDF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return detect_zip(file)
    if head.startswith(ole2.MAGIC):
        return ole2.detect_ole2(file)
    return detect_text(head, name)
