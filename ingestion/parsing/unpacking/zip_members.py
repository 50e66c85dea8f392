"""The members of a zip."""

import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from ingestion.errors import CorruptDocument
from ingestion.parsing.text.encoding import decode
from ingestion.parsing.unpacking.members import BLOCK_BYTES, Member, MemberDamaged, is_regular
from ingestion.parsing.zip_directory import check_directory_size

_ENCRYPTED, _UTF_8 = 0x1, 0x800
_UNIX = 3
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError)


def zip_members(file: BinaryIO) -> Iterator[Member]:
    """Yield the members of a zip; raises CorruptDocument or UnsafeDocument."""
    check_directory_size(file)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise CorruptDocument(f"not a readable zip: {error}") from error
    with archive:
        for info in archive.infolist():
            if not info.is_dir():
                yield _member(archive, info)


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    name = _name(info)
    mode = info.external_attr >> 16 if info.create_system == _UNIX else 0
    if not is_regular(mode):
        return Member(name, refusal="not_a_file")
    if info.flag_bits & _ENCRYPTED:
        return Member(name, refusal="encrypted")
    return Member(name, info.file_size, blocks=partial(_blocks, archive, info))


def _name(info: zipfile.ZipInfo) -> str:
    """Return the name, whose encoding only newer programs tell."""
    if info.flag_bits & _UTF_8:
        return info.filename
    try:
        return decode(info.filename.encode("cp437"))
    except UnicodeEncodeError:
        return info.filename


def _blocks(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with archive.open(info) as stream:
            while block := stream.read(BLOCK_BYTES):
                yield block
    except NotImplementedError as error:  # a method of compression that is not known
        raise MemberDamaged(str(error)) from error
    except _DAMAGE as error:
        raise MemberDamaged(str(error)) from error
