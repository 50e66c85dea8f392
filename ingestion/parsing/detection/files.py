"""The media type of a file, told by its content; the name only settles between kinds of text."""

from collections.abc import Mapping
from typing import BinaryIO

from ingestion.parsing import media_types as types
from ingestion.parsing.detection import ole2
from ingestion.parsing.detection.text import detect_text
from ingestion.parsing.detection.zips import detect_zip
from ingestion.parsing.unpacking import seven_zip_members
from ingestion.parsing.unpacking.tar_members import is_tar

_HEAD_BYTES = 16 * 1024
_ARCHIVES: Mapping[bytes, str] = {
    seven_zip_members.MAGIC: types.SEVEN_ZIP,
    b"\x1f\x8b\x08": types.GZIP,
    b"BZh": types.BZIP2,
    b"\xfd7zXZ\0": types.XZ,
}


def detect(file: BinaryIO, name: str) -> str:
    """Return the media type of `file`, open on disk, called `name` by its owner.

    A zip that is no document is an archive. Raises UnsupportedMediaType for what ragapp does not
    read, EncryptedDocument for Office files
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
    for magic, media_type in _ARCHIVES.items():
        if head.startswith(magic):
            return media_type
    return types.TAR if is_tar(head) else detect_text(head, name)
