"""Office files without their password, by msoffcrypto-tool: of before 2007, and those since then,
which a password wraps in an OLE2 file."""

import io
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO
from xml.parsers.expat import ExpatError

import msoffcrypto
from msoffcrypto.exceptions import (
    DecryptionError,
    FileFormatError,
    InvalidKeyError,
    ParseError,
)
from msoffcrypto.format.ooxml import OOXMLFile

from ingestion.errors import CorruptDocument, EncryptedDocument, WrongPassword

# By which Excel encrypts workbooks whose structure alone is protected, and opens them unasked.
_DEFAULT_PASSWORD = "VelvetSweatshop"  # noqa: S105 (known to all: [MS-OFFCRYPTO] 2.3)
_DAMAGE = (FileFormatError, ParseError, OSError, ValueError, LookupError, AttributeError, TypeError,
           struct.error, ExpatError)  # fmt: skip


def without_password(file: BinaryIO, password: str) -> bytes | None:
    """Return the file without its password, None if it has none."""
    file.seek(0)
    try:
        office = msoffcrypto.OfficeFile(file)
        if not office.is_encrypted():
            return None
    except (*_DAMAGE, DecryptionError):
        return None  # its parser says what is wrong with it
    for tried in filter(None, (password, _DEFAULT_PASSWORD)):
        try:
            return _decrypted(office, tried)
        except InvalidKeyError:
            continue
        except DecryptionError as error:
            raise EncryptedDocument("by a method that is not known") from error
        except _DAMAGE as error:
            raise CorruptDocument(
                f"the encrypted file is damaged: {type(error).__name__}"
            ) from error
    if password:
        raise WrongPassword("Office file")
    raise EncryptedDocument("Office file with a password")


def _decrypted(office: msoffcrypto.format.base.BaseOfficeFile, password: str) -> bytes:
    if isinstance(office, OOXMLFile):
        office.load_key(password=password, verify_password=True)
    else:
        office.load_key(password=password)
    copy = io.BytesIO()
    with _temporary_files_in_memory():
        office.decrypt(copy)
    return copy.getvalue()


@contextmanager
def _temporary_files_in_memory() -> Iterator[None]:
    """The library writes to a temporary file, which a confined child cannot open."""
    before = tempfile.TemporaryFile
    tempfile.TemporaryFile = io.BytesIO  # type: ignore[assignment]
    try:
        yield
    finally:
        tempfile.TemporaryFile = before
