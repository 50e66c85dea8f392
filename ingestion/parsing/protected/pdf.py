"""PDF files without their password, by PDFium."""

import ctypes
from typing import Any, BinaryIO

import pypdfium2 as pdfium
import pypdfium2.raw as c

from ingestion.errors import CorruptDocument, EncryptedDocument, WrongPassword
from ingestion.parsing.pdf.pdfium import mapped, says_password

_written = bytearray()


def _write_block(_writer: Any, data: int, size: int) -> int:
    _written.extend(ctypes.string_at(data, size))
    return 1


# Made when this module is imported: a confined child may map no executable memory, of which a
# function that C calls needs some.
_WRITER = c.FPDF_FILEWRITE(version=1)
_WRITER.WriteBlock = dict(c.FPDF_FILEWRITE._fields_)["WriteBlock"](_write_block)


def without_password(file: BinaryIO, password: str) -> bytes | None:
    """Return the file without its password, None if it opens without one."""
    content = mapped(file)
    try:
        pdfium.PdfDocument(content).close()
    except pdfium.PdfiumError as error:
        if not says_password(error):
            return None  # damaged: its parser knows another way
    else:
        return None
    if not password:
        raise EncryptedDocument("PDF with a password")
    try:
        document = pdfium.PdfDocument(content, password=password)
    except pdfium.PdfiumError as error:
        raise WrongPassword("PDF") from error
    _written.clear()
    try:
        if not c.FPDF_SaveAsCopy(document.raw, ctypes.byref(_WRITER), c.FPDF_REMOVE_SECURITY):
            raise CorruptDocument("the PDF cannot be written without its password")
        return bytes(_written)
    finally:
        document.close()
