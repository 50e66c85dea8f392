"""The media type of a file, told by its content; the name only settles between kinds of text."""

from pathlib import PurePath
from typing import BinaryIO

from ingestion.errors import UnsupportedMediaType
from ingestion.parsing import media_types as types
from ingestion.parsing.detection import ole2
from ingestion.parsing.detection.archives import archive_type, is_tar
from ingestion.parsing.detection.pictures import picture_type
from ingestion.parsing.detection.recordings import recording_type
from ingestion.parsing.detection.text import detect_text
from ingestion.parsing.detection.zips import detect_zip

_HEAD_BYTES = 16 * 1024
_ARCHIVE_ENDINGS = frozenset(
    ending for media_type in types.ARCHIVES for ending in types.EXTENSIONS[media_type]
)


def detect(file: BinaryIO, name: str) -> str:
    """Return the media type of `file`, open on disk, called `name` by its owner.

    A zip that is no document is an archive, if it is named as one or has no ending. Raises
    UnsupportedMediaType for what ragapp does not read, EncryptedDocument for Office files wrapped
    in a password, CorruptDocument for a truncated zip.
    """
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    if found := picture_type(file) or recording_type(file):
        return found
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _named_as_archive(detect_zip(file), name)
    if head.startswith(ole2.MAGIC):
        return ole2.detect_ole2(file)
    if media_type := archive_type(head):
        return _named_as_archive(media_type, name)
    if is_tar(head):
        return types.TAR
    # After the archives, whose first member may be a PDF.
    return types.PDF if b"%PDF-" in head[:1024] else detect_text(head, name)


def _named_as_archive(media_type: str, name: str) -> str:
    """Return the type; raises UnsupportedMediaType for the file of a program that is compressed as
    archives are: its parts are no documents."""
    ending = PurePath(name).suffix.lower()
    if media_type in types.ARCHIVES and ending and ending not in _ARCHIVE_ENDINGS:
        raise UnsupportedMediaType(f"{media_type} named {ending}")
    return media_type
