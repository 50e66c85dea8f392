"""Zip archives and the XML in them, opened as if their author meant harm.

Office, ODF and EPUB files are zips of XML. Sizes are checked before anything is inflated, and XML
is read without DTD, entities or network. A damaged part does not lose the others: it is left out,
and named in a warning.
"""

import os
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import lru_cache
from types import TracebackType
from typing import IO, BinaryIO

from lxml import etree

from ingestion.errors import CorruptDocument, EncryptedDocument, UnsafeDocument
from ingestion.parse_warnings import ParseWarning, WarningCode
from ingestion.parsing.zip_directory import check_directory_size

# A part may be that many times larger than its compressed form once it is large. Sheets of
# repeated values reach 100; deflate itself cannot exceed 1032.
MAX_RATIO = 200
RATIO_FREE_BYTES = 32 * 1024 * 1024
# The lengths of the name and of the extra field, which the bytes of a part follow.
_LOCAL_HEADER = struct.Struct("<26x2H")
_BLOCK_BYTES = 512
# What zipfile raises on a damaged part.
_DAMAGE = (zipfile.BadZipFile, NotImplementedError, zlib.error, EOFError, OSError)


class Archive:
    """A zip whose parts are read within a budget of `max_unpacked_bytes` in total."""

    def __init__(self, file: BinaryIO, *, max_unpacked_bytes: int) -> None:
        """Open `file`; raise CorruptDocument if it is no readable zip, UnsafeDocument if its
        directory is out of all proportion."""
        check_directory_size(file)
        self._file = file
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
            raise CorruptDocument(f"not a readable zip: {error}") from error
        self._infos = {_part_name(info): info for info in self._zip.infolist()}
        self._folded = {name.casefold(): name for name in self._infos}
        self._left = max_unpacked_bytes
        self._damaged: list[str] = []

    def __enter__(self) -> "Archive":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()

    def names(self) -> list[str]:
        """Return the names of all parts, in the order of the archive."""
        return list(self._infos)

    def __contains__(self, name: str) -> bool:
        return name.casefold() in self._folded

    def _charged(self, name: str) -> zipfile.ZipInfo:
        stored = self._folded.get(name.casefold())
        if stored is None:
            raise CorruptDocument(f"part {name} is missing")
        info = self._infos[stored]
        ratio = info.file_size / max(1, info.compress_size)
        if info.file_size > RATIO_FREE_BYTES and ratio > MAX_RATIO:
            raise UnsafeDocument(f"part {name} unpacks {ratio:.0f} times its size")
        self._left -= info.file_size
        if self._left < 0:
            raise UnsafeDocument("the archive unpacks to more than is allowed")
        if info.flag_bits & 0x1:
            raise EncryptedDocument(f"part {name} is encrypted")
        return info

    def read(self, name: str) -> bytes:
        """Return the bytes of a part; raise CorruptDocument if it is missing or damaged."""
        info = self._charged(name)
        try:
            return self._zip.read(info)
        except _DAMAGE as error:
            raise CorruptDocument(f"part {name}: {error}") from error

    def open(self, name: str) -> IO[bytes]:
        """Return a stream of a part, of at most its declared size."""
        info = self._charged(name)
        try:
            return self._zip.open(info)
        except _DAMAGE as error:
            raise CorruptDocument(f"part {name}: {error}") from error

    def main_xml(self, name: str) -> etree._Element:
        """Return the root of the part that holds the text or leads to it.

        A damaged one is read up to the damage, and noted. Raises CorruptDocument if it is missing
        or nothing of it can be read, UnsafeDocument if it declares entities.
        """
        try:
            return parse_xml(self.read(name), name)
        except CorruptDocument:
            root = _mended_xml(self.beginning(name))
            if root is None:
                raise
        self.note_damage(name)
        return root

    def find_xml(self, name: str) -> etree._Element | None:
        """Return the root of a part that the rest does without, None if it is missing or damaged.

        A damaged part, or one that declares entities, is noted.
        """
        if name not in self:
            return None
        try:
            data = self.read(name)
        except CorruptDocument:
            self.note_damage(name)
            return None
        try:
            return parse_xml(data, name)
        except (CorruptDocument, UnsafeDocument):
            self.note_damage(name)
            return None

    def note_damage(self, name: str) -> None:
        """Remember that a part, or something that a reader knows by that name, was not read."""
        self._damaged.append(posixpath.basename(name))

    def warnings(self) -> tuple[ParseWarning, ...]:
        """Return a warning that names the damaged parts met so far, if there are any."""
        if not self._damaged:
            return ()
        return (ParseWarning(WarningCode.UNREADABLE_PARTS, tuple(self._damaged)),)

    def beginning(self, name: str) -> bytes:
        """Return what can be unpacked of a part, whatever its checksum: none of it, if the part is
        compressed in another way than most. Raises CorruptDocument if it is missing."""
        info = self._charged(name)
        self._file.seek(info.header_offset)
        head = self._file.read(_LOCAL_HEADER.size)
        if len(head) < _LOCAL_HEADER.size or info.compress_type != zipfile.ZIP_DEFLATED:
            return b""
        self._file.seek(sum(_LOCAL_HEADER.unpack(head)), os.SEEK_CUR)
        inflated, data = zlib.decompressobj(-zlib.MAX_WBITS), bytearray()
        for start in range(0, info.compress_size, _BLOCK_BYTES):
            block = self._file.read(min(_BLOCK_BYTES, info.compress_size - start))
            try:
                data += inflated.decompress(block, max(1, info.file_size - len(data)))
            except zlib.error:
                break
        return bytes(data[: info.file_size])


def _part_name(info: zipfile.ZipInfo) -> str:
    """Return the name of a part as its format has it: some programs of Windows write "\\"."""
    return info.filename.replace("\\", "/").removeprefix("./").lstrip("/")


def parse_xml(data: bytes, name: str) -> etree._Element:
    """Return the root of `data`; raise UnsafeDocument on entities, CorruptDocument on bad XML."""
    try:
        root = etree.fromstring(data, _parser())
    except etree.XMLSyntaxError as error:
        if "entit" in str(error).lower():
            raise UnsafeDocument(f"{name}: {error}") from error
        raise CorruptDocument(f"{name}: {error}") from error
    except ValueError as error:
        raise CorruptDocument(f"{name}: {error}") from error
    if root is None:
        raise CorruptDocument(f"{name} is empty")
    _refuse_entities(root, name)
    return root


def _mended_xml(data: bytes) -> etree._Element | None:
    """Return the root of damaged XML as far as it can be read; None if there is none."""
    try:
        root = etree.fromstring(data, _parser(recover=True))
    except (etree.XMLSyntaxError, ValueError):
        return None
    return None if root is None or _declares_entities(root) else root


def stream_xml(
    stream: IO[bytes], name: str, *, recover: bool = False
) -> Iterator[tuple[str, etree._Element]]:
    """Yield ("start" | "end", element) while `stream` is read; same errors as `parse_xml`. With
    `recover` damaged XML is read as far as it goes."""
    events = etree.iterparse(
        stream,
        events=("start", "end"),
        recover=recover,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    first = True
    try:
        for event, element in events:
            if first:
                _refuse_entities(element, name)
                first = False
            yield event, element
    except (etree.XMLSyntaxError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise CorruptDocument(f"{name}: {error}") from error


def _parser(*, recover: bool = False) -> etree.XMLParser:
    return etree.XMLParser(
        recover=recover,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _refuse_entities(element: etree._Element, name: str) -> None:
    if _declares_entities(element):
        raise UnsafeDocument(f"{name} declares entities, which its format forbids")


def _declares_entities(element: etree._Element) -> bool:
    """Formulas and old books name a DTD, which is not loaded; only declarations are suspect."""
    declared = element.getroottree().docinfo.internalDTD
    return declared is not None and any(True for _ in declared.iterentities())


@lru_cache(maxsize=4096)
def _without_namespace(tag: str) -> str:
    return tag.rpartition("}")[2]


def local_name(element: etree._Element) -> str:
    """Return the tag without its namespace ("" for what is no element): the transitional and the
    strict variants of Office Open XML differ in namespaces only."""
    tag = element.tag
    if not isinstance(tag, str):
        return ""
    return _without_namespace(tag)


def attribute(element: etree._Element, name: str) -> str | None:
    """Return the attribute whose local name is `name`, whatever its namespace."""
    value = element.get(name)
    if value is not None:
        return str(value)
    suffix = "}" + name
    for key, found in element.attrib.items():
        if str(key).endswith(suffix):
            return str(found)
    return None
