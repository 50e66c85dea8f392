"""The directory at the end of a zip, measured before it is read."""

import os
import struct
from typing import BinaryIO

from ingestion.errors import CorruptDocument, UnsafeDocument

# 8 MiB hold some 100,000 entries.
MAX_DIRECTORY_BYTES = 8 * 1024 * 1024

_END_RECORD = struct.Struct("<4s4H2LH")
_END_RECORD_TAIL = _END_RECORD.size + 0xFFFF
# What stands there instead of the size of the directory if another record tells it (zip64), the
# place of that record, and in it the size.
_IN_LARGE_RECORD = 0xFFFFFFFF
_LOCATOR = struct.Struct("<8xQ4x")
_LARGE_RECORD = struct.Struct("<40xQ")


def check_directory_size(file: BinaryIO) -> None:
    """Refuse a zip whose directory would fill memory before a single part is read."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END_RECORD_TAIL))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END_RECORD.size:
        raise CorruptDocument("the zip is truncated: it has no end record")
    directory_bytes = _END_RECORD.unpack_from(tail, at)[5]
    if directory_bytes == _IN_LARGE_RECORD:
        directory_bytes = _large_directory_bytes(file, tail[:at])
    if directory_bytes > MAX_DIRECTORY_BYTES:
        raise UnsafeDocument(f"the zip lists {directory_bytes} bytes of entries")


def _large_directory_bytes(file: BinaryIO, before_end: bytes) -> int:
    """Return the size of the directory of a zip in the form for large files (APPNOTE 4.3.14)."""
    locator = before_end[-_LOCATOR.size :]
    if len(locator) < _LOCATOR.size or not locator.startswith(b"PK\x06\x07"):
        raise CorruptDocument("the zip has no record for large files")
    file.seek(_LOCATOR.unpack(locator)[0])
    record = file.read(_LARGE_RECORD.size)
    if len(record) < _LARGE_RECORD.size or not record.startswith(b"PK\x06\x06"):
        raise CorruptDocument("the zip has no record for large files")
    return int(_LARGE_RECORD.unpack(record)[0])
