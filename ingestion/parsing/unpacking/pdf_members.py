"""The files in a PDF file: attached to it, or to a place on a page."""

import ctypes
import re
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

import pypdfium2 as pdfium
import pypdfium2.raw as c

from ingestion.errors import CorruptDocument
from ingestion.parsing.pdf.annotations import attachment_name
from ingestion.parsing.pdf.pdfium import mapped
from ingestion.parsing.unpacking.members import Member, MemberDamaged, base_name

# Which folder of a portfolio a file is in (Adobe's extension of ISO 32000-1).
_FOLDER_NUMBER = re.compile(r"^<\d+>")


def pdf_members(file: BinaryIO) -> Iterator[Member]:
    """Yield the files in a PDF file; raises CorruptDocument."""
    try:
        pdf = pdfium.PdfDocument(mapped(file))
    except pdfium.PdfiumError as error:
        raise CorruptDocument(f"PDFium cannot open it: {error}") from error
    try:
        for index in range(c.FPDFDoc_GetAttachmentCount(pdf.raw)):
            yield _member(c.FPDFDoc_GetAttachment(pdf.raw, index))
        for index in range(len(pdf)):
            yield from _on_page(pdf, index)
    finally:
        pdf.close()


def _on_page(pdf: pdfium.PdfDocument, index: int) -> Iterator[Member]:
    try:
        page = pdf[index]
    except pdfium.PdfiumError:
        return
    try:
        for number in range(c.FPDFPage_GetAnnotCount(page.raw)):
            annotation = c.FPDFPage_GetAnnot(page.raw, number)
            if not annotation:
                continue
            try:
                attachment = c.FPDFAnnot_GetFileAttachment(annotation)
                if attachment:
                    yield _member(attachment)
            finally:
                c.FPDFPage_CloseAnnot(annotation)
    finally:
        page.close()


def _member(attachment: c.FPDF_ATTACHMENT) -> Member:
    name = base_name(_FOLDER_NUMBER.sub("", attachment_name(attachment)))
    return Member(name or "?", blocks=partial(_blocks, attachment))


def _blocks(attachment: c.FPDF_ATTACHMENT) -> Iterator[bytes]:
    size = ctypes.c_ulong()
    if not c.FPDFAttachment_GetFile(attachment, None, 0, size):
        raise MemberDamaged("PDFium finds no bytes")
    buffer = ctypes.create_string_buffer(max(1, size.value))
    if not c.FPDFAttachment_GetFile(attachment, buffer, size.value, size):
        raise MemberDamaged("PDFium cannot read its bytes")
    yield buffer.raw[: size.value]
