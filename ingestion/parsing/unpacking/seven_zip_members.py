"""The members of a 7z archive, by the methods that the standard library has."""

import bz2
import lzma
import os
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, BinaryIO

from ingestion.errors import CorruptDocument, EncryptedDocument, UnsafeDocument, WrongPassword
from ingestion.parsing.unpacking.members import (
    BLOCK_BYTES,
    Member,
    MemberDamaged,
    Refusal,
    is_regular,
)
from ingestion.parsing.unpacking.seven_zip_encryption import METHOD as ENCRYPTION
from ingestion.parsing.unpacking.seven_zip_encryption import decryptor
from ingestion.parsing.unpacking.seven_zip_header import (
    ENCODED_HEADER,
    END,
    FILES,
    HEADER,
    STREAMS,
    Coder,
    Entry,
    Folder,
    Reader,
)

_SIGNATURE = struct.Struct("<6x2xLQQL")
_MAX_HEADER_BYTES = 16 * 1024 * 1024
_DAMAGE = (lzma.LZMAError, zlib.error, EOFError, OSError, ValueError)


def seven_zip_members(file: BinaryIO, password: str = "") -> Iterator[Member]:
    """Yield the members of a 7z archive.

    Raises CorruptDocument, EncryptedDocument (the directory is encrypted), WrongPassword (the same,
    by another than `password`) or UnsafeDocument. Another password damages members.
    """
    start, folders, entries = _directory(file, password)
    stored = iter(entry for entry in entries if entry.has_stream)
    at = _SIGNATURE.size + start
    for folder in folders:
        own = [entry for _size, entry in zip(folder.files, stored, strict=False)]
        yield from _folder_members(file, at, folder, own, password)
        at += folder.packed_bytes
    for entry in entries:
        if entry.is_empty_file and not entry.is_directory:
            yield Member(entry.name)


def has_password(file: BinaryIO) -> bool:
    """Tell whether some of a 7z archive is encrypted."""
    try:
        _start, folders, _entries = _directory(file, "")
    except EncryptedDocument:
        return True
    except (CorruptDocument, UnsafeDocument):
        return False
    return any(_refusal(folder, "") == "encrypted" for folder in folders)


def _directory(file: BinaryIO, password: str) -> tuple[int, list[Folder], list[Entry]]:
    """Return where the packed bytes begin, the folders and the entries."""
    file.seek(0)
    signature = file.read(_SIGNATURE.size)
    if len(signature) < _SIGNATURE.size:
        raise CorruptDocument("the 7z archive is truncated")
    _crc, offset, size, digest = _SIGNATURE.unpack(signature)
    if size > _MAX_HEADER_BYTES:
        raise UnsafeDocument(f"the directory of the 7z archive has {size} bytes")
    if offset + size + _SIGNATURE.size > file.seek(0, os.SEEK_END):
        raise CorruptDocument("the 7z archive is truncated")
    file.seek(_SIGNATURE.size + offset)
    header = file.read(size)
    if zlib.crc32(header) != digest:
        raise CorruptDocument("the directory of the 7z archive is damaged")
    while header[:1] == bytes([ENCODED_HEADER]):
        header = _decoded_header(file, header, password)
    reader = Reader(header)
    if not header or reader.byte() != HEADER:
        return 0, [], []
    start, folders, entries = 0, list[Folder](), list[Entry]()
    while (kind := reader.byte()) != END:
        if kind == STREAMS:
            start, folders = reader.streams()
        elif kind == FILES:
            entries = reader.files()
        else:
            reader.skip_properties()
    return start, folders, entries


def _decoded_header(file: BinaryIO, header: bytes, password: str) -> bytes:
    start, folders = Reader(header[1:]).streams()
    if len(folders) != 1 or folders[0].unpacked_bytes > _MAX_HEADER_BYTES:
        raise UnsafeDocument("the directory of the 7z archive is out of proportion")
    refusal = _refusal(folders[0], password)
    if refusal == "encrypted":
        raise EncryptedDocument("the directory of the 7z archive is encrypted")
    if refusal:
        raise CorruptDocument("the directory of the 7z archive is packed by another method")
    is_encrypted = any(coder.method == ENCRYPTION for coder in folders[0].coders)
    try:
        decoded = b"".join(_Stream(file, _SIGNATURE.size + start, folders[0], password).rest())
        if is_encrypted and decoded[:1] not in (bytes([HEADER]), bytes([ENCODED_HEADER])):
            raise WrongPassword("7z")
        return decoded
    except MemberDamaged as error:
        if is_encrypted:
            raise WrongPassword("7z") from error
        raise CorruptDocument(f"the directory of the 7z archive: {error}") from error


def _folder_members(
    file: BinaryIO, at: int, folder: Folder, entries: list[Entry], password: str
) -> Iterator[Member]:
    refusal = _refusal(folder, password)
    stream = _Stream(file, at, folder, password) if not refusal else None
    for (size, digest), entry in zip(folder.files, entries, strict=False):
        # What is skipped is unpacked, too: the next member begins behind it.
        blocks = stream.blocks_of(size, digest) if stream else iter(())
        own: Refusal = refusal or ("" if is_regular(entry.mode) else "not_a_file")
        yield Member(entry.name, size, own, partial(iter, blocks))
        with suppress(MemberDamaged):
            for _ in blocks:
                pass


def _refusal(folder: Folder, password: str) -> Refusal:
    """Return why the files of a folder cannot be unpacked, "" if they can."""
    if not password and any(coder.method == ENCRYPTION for coder in folder.coders):
        return "encrypted"
    known = all(
        coder.method in _METHODS or (coder.method == ENCRYPTION and password)
        for coder in folder.coders
    )
    return "" if known and folder.chain else "method"


class _Stream:
    """The unpacked bytes of a folder, in order."""

    def __init__(self, file: BinaryIO, at: int, folder: Folder, password: str) -> None:
        self._size, self._digest = folder.unpacked_bytes, folder.digest
        self._blocks = _packed(file, at, folder.packed_bytes)
        for number in folder.chain:
            coder, size = folder.coders[number], folder.sizes[number]
            if coder.method == ENCRYPTION:
                unpack: _Unpack = decryptor(coder.properties, password), lambda: True
            else:
                unpack = _METHODS[coder.method](coder, size)
            self._blocks = _through(unpack, self._blocks, size)
        self._buffer = b""

    def rest(self) -> Iterator[bytes]:
        """Yield all bytes; raises MemberDamaged."""
        return self.blocks_of(self._size, self._digest)

    def blocks_of(self, size: int, digest: int | None) -> Iterator[bytes]:
        """Yield the bytes of the next file; raises MemberDamaged."""
        left, crc = size, 0
        while left > 0:
            block = self._read(min(left, BLOCK_BYTES))
            if not block:
                raise MemberDamaged(f"{left} bytes are missing")
            crc = zlib.crc32(block, crc)
            left -= len(block)
            yield block
        if digest is not None and crc != digest:
            raise MemberDamaged("the checksum is another")

    def _read(self, most: int) -> bytes:
        if not self._buffer:
            try:
                self._buffer = next(self._blocks, b"")
            except _DAMAGE as error:
                raise MemberDamaged(str(error)) from error
        block, self._buffer = self._buffer[:most], self._buffer[most:]
        return block


# What unpacks some bytes more, and whether it has none left over from before.
_Unpack = tuple[Callable[[bytes], bytes], Callable[[], bool]]


def _packed(file: BinaryIO, at: int, left: int) -> Iterator[bytes]:
    """Yield the packed bytes of a folder; others may read the file in between."""
    while left:
        file.seek(at)
        block = file.read(min(left, BLOCK_BYTES))
        if not block:
            return
        at += len(block)
        left -= len(block)
        yield block


def _through(unpack: _Unpack, packed: Iterator[bytes], left: int) -> Iterator[bytes]:
    """Yield what a method makes of blocks, `left` bytes at most."""
    decode, needs_input = unpack
    while left > 0:
        taken = next(packed, b"") if needs_input() else b""
        block = decode(taken)[:left]
        if block:
            left -= len(block)
            yield block
        elif not taken:
            return


def _copy(_coder: Coder, _size: int) -> _Unpack:
    return lambda packed: packed, lambda: True


def _lzma(coder: Coder, size: int) -> _Unpack:
    if len(coder.properties) < 5:
        raise CorruptDocument("a folder of the 7z archive has no properties")
    first, dictionary = struct.unpack_from("<BL", coder.properties)
    rest, lc = divmod(first, 9)
    pb, lp = divmod(rest, 5)
    return _raw({"id": lzma.FILTER_LZMA1, "lc": lc, "lp": lp, "pb": pb}, dictionary, size)


def _lzma2(coder: Coder, size: int) -> _Unpack:
    bits = coder.properties[0] if coder.properties else 0
    dictionary = 0xFFFFFFFF if bits >= 40 else (2 | bits & 1) << (bits // 2 + 11)
    return _raw({"id": lzma.FILTER_LZMA2}, dictionary, size)


def _raw(options: dict[str, Any], dictionary: int, size: int) -> _Unpack:
    # A dictionary larger than what is unpacked is not used.
    options["dict_size"] = max(4096, min(dictionary, size))
    try:
        decompressor = lzma.LZMADecompressor(format=lzma.FORMAT_RAW, filters=[options])
    except (lzma.LZMAError, ValueError) as error:
        raise CorruptDocument(f"properties of the 7z archive: {error}") from error

    def unpack(packed: bytes) -> bytes:
        if decompressor.eof or not (packed or not decompressor.needs_input):
            return b""
        return decompressor.decompress(packed, max_length=BLOCK_BYTES)

    return unpack, lambda: decompressor.needs_input


def _deflate(_coder: Coder, _size: int) -> _Unpack:
    decompressor = zlib.decompressobj(-zlib.MAX_WBITS)

    def unpack(packed: bytes) -> bytes:
        return decompressor.decompress(decompressor.unconsumed_tail + packed, BLOCK_BYTES)

    return unpack, lambda: not decompressor.unconsumed_tail


def _bzip2(_coder: Coder, _size: int) -> _Unpack:
    decompressor = bz2.BZ2Decompressor()

    def unpack(packed: bytes) -> bytes:
        if decompressor.eof or not (packed or not decompressor.needs_input):
            return b""
        return decompressor.decompress(packed, max_length=BLOCK_BYTES)

    return unpack, lambda: decompressor.needs_input


_METHODS: Mapping[bytes, Callable[[Coder, int], _Unpack]] = {
    b"\0": _copy,
    bytes.fromhex("21"): _lzma2,
    bytes.fromhex("030101"): _lzma,
    bytes.fromhex("040108"): _deflate,
    bytes.fromhex("040202"): _bzip2,
}
