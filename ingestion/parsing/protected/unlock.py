"""Files with a password, as the same files without one."""

import os
from typing import BinaryIO

from ingestion.errors import EncryptedDocument, UnsupportedMediaType
from ingestion.parsing.detection import ole2
from ingestion.parsing.detection.archives import SEVEN_ZIP_MAGIC, is_tar
from ingestion.parsing.protected import archives, odf, office, pdf
from ingestion.parsing.unpacking import zip_members

_PDF_HEAD_BYTES = 1024
_BLOCK_BYTES = 1 << 20
_ZIP = b"PK"


def without_password(file: BinaryIO, password: str) -> bytes | None:
    """Return the bytes of a file without its password; None if it can be read as it is.

    Raises EncryptedDocument if it needs a password and none is given, WrongPassword, or
    CorruptDocument.
    """
    file.seek(0)
    head = file.read(_PDF_HEAD_BYTES)
    if head.startswith(_ZIP) and zip_members.has_member(file, odf.MANIFEST):
        return odf.without_password(file, password)
    if head.startswith((_ZIP, SEVEN_ZIP_MAGIC)):
        return archives.without_password(file, password)
    if head.startswith(ole2.MAGIC):
        return office.without_password(file, password)
    if b"%PDF-" in head:
        return pdf.without_password(file, password)
    return None


def may_need_password(file: BinaryIO) -> bool:
    """Tell whether a file, open on disk, must be looked at to know whether it has a password."""
    file.seek(0)
    head = file.read(_PDF_HEAD_BYTES)
    if head.startswith(ole2.MAGIC):
        return _is_encrypted_office(file)
    if head.startswith(_ZIP):
        # Only the child reads more than the directory.
        return zip_members.has_password(file) or zip_members.has_member(file, odf.MANIFEST)
    # The first member of an archive may be a PDF.
    if head.startswith(SEVEN_ZIP_MAGIC):
        return True  # its directory is packed
    return b"%PDF-" in head and not is_tar(head) and _contains(file, b"/Encrypt")


def _is_encrypted_office(file: BinaryIO) -> bool:
    """Tell whether an OLE2 file is encrypted, or of a kind that is encrypted inside."""
    try:
        return ole2.detect_ole2(file) in ole2.OFFICE
    except EncryptedDocument:
        return True
    except UnsupportedMediaType:
        return False


def _contains(file: BinaryIO, wanted: bytes) -> bool:
    file.seek(0)
    while block := file.read(_BLOCK_BYTES):
        if wanted in block:
            return True
        if len(block) == _BLOCK_BYTES:
            file.seek(1 - len(wanted), os.SEEK_CUR)
    return False
