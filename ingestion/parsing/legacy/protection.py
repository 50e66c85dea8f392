"""Office files of before 2007 that cannot be read: with a password, or of before 1997."""

import struct
from typing import BinaryIO

import olefile

from ingestion.errors import CorruptDocument, EncryptedDocument, UnsupportedMediaType

# [MS-DOC] FibBase: the version of the file, and the flag of encryption in what follows.
_WORD_VERSION, _WORD_FLAGS, _WORD_ENCRYPTED = 2, 10, 0x0100
_WORD_97 = 0x00C0
# [MS-XLS]: the record of a password follows the first ones.
_FILE_PASS, _RECORDS_LOOKED_AT = 0x002F, 20
# [MS-PPT] CurrentUserAtom: the token of an encrypted file.
_TOKEN_AT, _ENCRYPTED_TOKEN = 12, struct.pack("<L", 0xF3D1C4DF)


def refuse_unreadable(file: BinaryIO) -> None:
    """Raise EncryptedDocument, UnsupportedMediaType for Word of before 1997, or CorruptDocument if
    a file is no OLE2 file."""
    try:
        with olefile.OleFileIO(file) as ole:
            _refuse_word(_beginning(ole, "WordDocument", _WORD_FLAGS + 2))
            for name in ("Workbook", "Book"):
                _refuse_workbook(_beginning(ole, name, 4096))
            user = _beginning(ole, "Current User", _TOKEN_AT + 4)
            if user[_TOKEN_AT:] == _ENCRYPTED_TOKEN:
                raise EncryptedDocument("PowerPoint file with a password")
    except OSError as error:
        raise CorruptDocument(f"not a readable OLE2 file: {error}") from error


def _refuse_word(head: bytes) -> None:
    if len(head) < _WORD_FLAGS + 2:
        return
    (version,) = struct.unpack_from("<H", head, _WORD_VERSION)
    (flags,) = struct.unpack_from("<H", head, _WORD_FLAGS)
    if flags & _WORD_ENCRYPTED:
        raise EncryptedDocument("Word file with a password")
    if version < _WORD_97:
        raise UnsupportedMediaType("Word of before 1997")


def _refuse_workbook(head: bytes) -> None:
    at = 0
    for _ in range(_RECORDS_LOOKED_AT):
        if at + 4 > len(head):
            return
        kind, length = struct.unpack_from("<HH", head, at)
        if kind == _FILE_PASS:
            raise EncryptedDocument("Excel file with a password")
        at += 4 + length


def _beginning(ole: olefile.OleFileIO, name: str, length: int) -> bytes:
    if not ole.exists(name) or ole.get_type(name) != olefile.STGTY_STREAM:
        return b""
    return bytes(ole.openstream(name).read(length))
