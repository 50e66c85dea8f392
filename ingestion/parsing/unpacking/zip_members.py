"""The members of a zip."""

import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from ingestion.errors import CorruptDocument, UnsafeDocument, WrongPassword
from ingestion.parsing.text.encoding import decode
from ingestion.parsing.unpacking.members import BLOCK_BYTES, Member, MemberDamaged, is_regular
from ingestion.parsing.unpacking.zip_encryption import METHOD, aes_blocks
from ingestion.parsing.zip_directory import check_directory_size

_ENCRYPTED, _UTF_8 = 0x1, 0x800
_UNIX = 3
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError)


def zip_members(file: BinaryIO, password: str = "") -> Iterator[Member]:
    """Yield the members of a zip; raises CorruptDocument or UnsafeDocument.

    With a `password`, the blocks of encrypted members raise WrongPassword if it is another.
    """
    with _opened(file) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                yield _member(archive, info, file, password.encode())


def has_password(file: BinaryIO) -> bool:
    """Tell whether a member of a zip is encrypted."""
    try:
        with _opened(file) as archive:
            return any(info.flag_bits & _ENCRYPTED for info in archive.infolist())
    except (CorruptDocument, UnsafeDocument):
        return False


def has_member(file: BinaryIO, name: str) -> bool:
    """Tell whether there is a member of that name."""
    try:
        with _opened(file) as archive:
            return name in archive.namelist()
    except (CorruptDocument, UnsafeDocument):
        return False


def _opened(file: BinaryIO) -> zipfile.ZipFile:
    check_directory_size(file)
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise CorruptDocument(f"not a readable zip: {error}") from error


def _member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, file: BinaryIO, password: bytes
) -> Member:
    name = _name(info)
    mode = info.external_attr >> 16 if info.create_system == _UNIX else 0
    if not is_regular(mode):
        return Member(name, refusal="not_a_file")
    if not info.flag_bits & _ENCRYPTED:
        return Member(name, info.file_size, blocks=partial(_blocks, archive, info))
    if not password:
        return Member(name, refusal="encrypted")
    if info.compress_type == METHOD:
        return Member(name, info.file_size, blocks=partial(aes_blocks, file, info, password))
    return Member(name, info.file_size, blocks=partial(_decrypted, archive, info, password))


def _name(info: zipfile.ZipInfo) -> str:
    """Return the name, whose encoding only newer programs tell."""
    if info.flag_bits & _UTF_8:
        return info.filename
    try:
        return decode(info.filename.encode("cp437"))
    except UnicodeEncodeError:
        return info.filename


def _decrypted(archive: zipfile.ZipFile, info: zipfile.ZipInfo, password: bytes) -> Iterator[bytes]:
    """Yield the bytes of a member that ZipCrypto encrypts, which tells a wrong password of 256 by
    the damage that it does."""
    try:
        yield from _blocks(archive, info, password)
    except (RuntimeError, MemberDamaged) as error:
        raise WrongPassword("ZipCrypto") from error


def _blocks(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, password: bytes | None = None
) -> Iterator[bytes]:
    try:
        with archive.open(info, pwd=password) as stream:
            while block := stream.read(BLOCK_BYTES):
                yield block
    except NotImplementedError as error:  # a method of compression that is not known
        raise MemberDamaged(str(error)) from error
    except _DAMAGE as error:
        raise MemberDamaged(str(error)) from error
