"""The files embedded in a Word, PowerPoint or Excel file, of which it shows a picture or an icon.

A part is such a file itself, or an OLE2 file around one. Not taken: the sheets behind charts, which
the charts show, and what stands on masters of slides.
"""

import io
import posixpath
import struct
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

import olefile

from ingestion.errors import CorruptDocument, IngestionError
from ingestion.parsing.archive import Archive
from ingestion.parsing.detection import ole2
from ingestion.parsing.ooxml import embedded_parts, relationships
from ingestion.parsing.unpacking.members import Member, base_name

_NOT_SHOWN = frozenset({"charts", "slideLayouts", "slideMasters", "notesMasters"})
# Streams of an OLE2 file that are the file of another program as it is: Office, Acrobat,
# OpenDocument.
_WHOLE_FILES = ("Package", "CONTENTS", "EmbeddedOdf")
_PACKAGER = "\x01Ole10Native"


def office_members(file: BinaryIO, max_bytes: int) -> Iterator[Member]:
    """Yield the files embedded in an Office Open XML file, of which `max_bytes` may be unpacked;
    raises CorruptDocument or UnsafeDocument."""
    with Archive(file, max_unpacked_bytes=max_bytes) as archive:
        for part in _embedded(archive):
            if part not in archive:
                continue
            name, data = base_name(part), archive.read(part)
            yield _unwrapped(name, data) if data.startswith(ole2.MAGIC) else _of(name, data)


def _embedded(archive: Archive) -> Iterator[str]:
    seen: set[str] = set()
    for name in archive.names():
        folder, rels = posixpath.split(name)
        part = posixpath.join(posixpath.dirname(folder), rels.removesuffix(".rels"))
        if posixpath.basename(folder) != "_rels" or _NOT_SHOWN & set(part.split("/")):
            continue
        links = [
            link
            for link in relationships(archive, part)
            if link.kind in ("package", "oleObject") and link.part not in seen
        ]
        root = archive.find_xml(part) if links else None
        if root is not None:
            found = embedded_parts(links, root)
            seen.update(found)
            yield from found


def _unwrapped(name: str, data: bytes) -> Member:
    """Return the file in an OLE2 file, or that file itself if it is one of Office."""
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            if ole.exists(_PACKAGER):
                return _packaged(ole.openstream(_PACKAGER).read())
            for stream in _WHOLE_FILES:
                if ole.exists(stream):
                    return _of(name, ole.openstream(stream).read())
        ole2.detect_ole2(io.BytesIO(data))
    except IngestionError:
        return Member(name, refusal="method")
    except (OSError, ValueError, IndexError, struct.error, CorruptDocument):
        return Member(name, refusal="damaged")
    return _of(name, data)


def _packaged(data: bytes) -> Member:
    """Return the file that Windows has packaged: its size, label, path, path of a copy, bytes."""
    at = 6
    label, at = _text(data, at)
    path, at = _text(data, at)
    (copy_length,) = struct.unpack_from("<4xL", data, at)
    at += 8 + copy_length
    (size,) = struct.unpack_from("<L", data, at)
    content = data[at + 4 : at + 4 + size]
    if len(content) < size:
        raise ValueError("the packaged file is too short")
    return _of(base_name(label) or base_name(path) or "?", content)


def _text(data: bytes, at: int) -> tuple[str, int]:
    end = data.index(b"\0", at)
    return data[at:end].decode("cp1252", "replace"), end + 1


def _of(name: str, data: bytes) -> Member:
    return Member(name, len(data), blocks=partial(iter, (data,)))
