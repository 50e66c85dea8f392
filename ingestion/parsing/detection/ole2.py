"""What an OLE2 file is: the names at the root of its directory ([MS-CFB]).

Office formats of before 2007, Outlook messages and Office files with a password are OLE2 files.
"""

import os
import struct
from collections.abc import Mapping
from typing import BinaryIO

from ingestion.errors import CorruptDocument, EncryptedDocument, UnsupportedMediaType
from ingestion.parsing import media_types as types

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# In this order: the first that is there tells the type.
_TYPE_OF: Mapping[str, str] = {
    "__properties_version1.0": types.MSG,
    "worddocument": types.DOC,
    "workbook": types.XLS,
    "book": types.XLS,
    "powerpoint document": types.PPT,
}
OFFICE = frozenset({types.DOC, types.XLS, types.PPT})
_ENCRYPTED = "encryptedpackage"
# Sector shift; first sector of the directory; first sector of the DIFAT; 109 sectors of the FAT.
_HEADER = struct.Struct("<30xH16xL16xL4x109L")
_SECTOR_SHIFTS = (9, 12)
_LAST_SECTOR = 0xFFFFFFFA
# Name, its length in bytes, then the entries before, after and below it.
_ENTRY = struct.Struct("<64sH2x3L48x")
_MAX_DIRECTORY_BYTES = 2 * 1024 * 1024
_MAX_DIFAT_SECTORS = 1_000


def detect_ole2(file: BinaryIO) -> str:
    """Return the media type of an OLE2 file; raises EncryptedDocument or UnsupportedMediaType."""
    try:
        names = root_names(file)
    except (CorruptDocument, struct.error):
        names = _names_anywhere(file)
    if _ENCRYPTED in names:
        raise EncryptedDocument("Office Open XML in an encrypted package")
    for name, media_type in _TYPE_OF.items():
        if name in names:
            return media_type
    raise UnsupportedMediaType("OLE2 file of another program")


def root_names(file: BinaryIO) -> frozenset[str]:
    """Return the names at the root of the directory in small letters; raises CorruptDocument."""
    sectors = _Sectors(file)
    directory = sectors.directory()
    names: set[str] = set()
    seen: set[int] = set()
    waiting = [_entry(directory, 0)[4]]
    while waiting:
        number = waiting.pop()
        if number in seen or (number + 1) * _ENTRY.size > len(directory):
            continue
        seen.add(number)
        name, length, before, after, _below = _entry(directory, number)
        names.add(name[: max(0, length - 2)].decode("utf-16-le", "replace").lower())
        waiting += [before, after]
    if not names:
        raise CorruptDocument("the directory of the OLE2 file is empty")
    return frozenset(names)


def _entry(directory: bytes, number: int) -> tuple[bytes, int, int, int, int]:
    name, length, before, after, below = _ENTRY.unpack_from(directory, number * _ENTRY.size)
    return name, min(length, len(name)), before, after, below


class _Sectors:
    """The chain of sectors that holds the directory."""

    def __init__(self, file: BinaryIO) -> None:
        file.seek(0)
        header = file.read(_HEADER.size)
        shift, self._first, self._difat, *self._fat = _HEADER.unpack(header)
        if shift not in _SECTOR_SHIFTS:
            raise CorruptDocument(f"sectors of 2^{shift} bytes")
        self._file, self._size = file, 1 << shift

    def directory(self) -> bytes:
        """Return the entries of the directory, as far as they can be read."""
        found = bytearray()
        sector = self._first
        while sector < _LAST_SECTOR and len(found) < _MAX_DIRECTORY_BYTES:
            data = self._read(sector)
            if len(data) < self._size:
                break
            found += data
            sector = self._after(sector)
        return bytes(found)

    def _after(self, sector: int) -> int:
        """Return the sector that follows another in its chain."""
        per_sector = self._size // 4
        index, place = divmod(sector, per_sector)
        data = self._read(self._fat_sector(index, per_sector))
        return int(struct.unpack_from("<L", data, 4 * place)[0])

    def _fat_sector(self, index: int, per_sector: int) -> int:
        """Return the sector that holds a part of the FAT."""
        if index < len(self._fat):
            return int(self._fat[index])
        hops, place = divmod(index - len(self._fat), per_sector - 1)
        if hops > _MAX_DIFAT_SECTORS:
            raise CorruptDocument("the OLE2 file has too many sectors")
        sector = self._difat
        for _ in range(hops):
            (sector,) = struct.unpack("<L", self._read(sector)[-4:])
        return int(struct.unpack_from("<L", self._read(sector), 4 * place)[0])

    def _read(self, sector: int) -> bytes:
        if sector >= _LAST_SECTOR:
            return b""
        self._file.seek((sector + 1) * self._size)
        return self._file.read(self._size)


def _names_anywhere(file: BinaryIO) -> frozenset[str]:
    """Return which of the known names a file with a damaged directory contains."""
    known = {
        name: spelling.encode("utf-16-le")
        for name, spelling in {
            _ENCRYPTED: "EncryptedPackage",
            "__properties_version1.0": "__properties_version1.0",
            "worddocument": "WordDocument",
            "workbook": "Workbook",
            "powerpoint document": "PowerPoint Document",
        }.items()
    }
    longest = max(map(len, known.values()))
    found: set[str] = set()
    file.seek(0)
    while block := file.read(1 << 20):
        found |= {name for name, marker in known.items() if marker in block}
        if len(block) == 1 << 20:
            file.seek(-longest, os.SEEK_CUR)
    return frozenset(found)
