"""Forms in XFA, whose pages only say that the reader cannot show them: their data as text."""

import ctypes

import pypdfium2 as pdfium
import pypdfium2.raw as c
from lxml import etree

from ingestion.errors import CorruptDocument, UnsafeDocument
from ingestion.parsing.archive import local_name, parse_xml
from ingestion.parsing.document import Block
from ingestion.parsing.text.normalise import clean_block, one_line

_MAX_BYTES = 20_000_000
_LABELS = frozenset({"caption", "draw"})
_XFA_FORMS = frozenset({c.FORMTYPE_XFA_FULL, c.FORMTYPE_XFA_FOREGROUND})


def is_xfa(pdf: pdfium.PdfDocument) -> bool:
    """Tell whether the file holds an XFA form."""
    return pdf.get_formtype() in _XFA_FORMS


def is_drawn_by_xfa(pdf: pdfium.PdfDocument) -> bool:
    """Tell whether the file says that its pages are to be drawn from the XFA form."""
    return bool(pdf.get_formtype() == c.FORMTYPE_XFA_FULL)


def xfa_blocks(pdf: pdfium.PdfDocument) -> list[Block]:
    """Return what the form says: the labels of its template, and the values filled in by name."""
    packets = b"".join(
        _packet(pdf, index) for index in range(max(c.FPDF_GetXFAPacketCount(pdf.raw), 0))
    )
    start = packets.find(b"<")
    if start < 0:
        return []
    try:
        root = parse_xml(b"<xfa>" + _without_declarations(packets[start:]) + b"</xfa>", "XFA")
    except (CorruptDocument, UnsafeDocument):
        return []
    blocks: list[Block] = []
    for element in root.iter():
        name = local_name(element)
        if name in _LABELS:
            text = one_line(" ".join(str(part) for part in element.itertext()))
            blocks.append(Block("paragraph", text))
        elif name == "data" and _has_data_parent(element):
            blocks += _values(element)
    return [block for block in blocks if block.text]


def _has_data_parent(element: etree._Element) -> bool:
    parent = element.getparent()
    return parent is not None and local_name(parent) == "datasets"


def _values(data: etree._Element) -> list[Block]:
    return [
        Block("paragraph", f"{local_name(element)}: {clean_block(element.text)}")
        for element in data.iter()
        if not len(element) and element.text and element.text.strip()
    ]


def _without_declarations(data: bytes) -> bytes:
    return data if not data.startswith(b"<?xml") else data[data.find(b"?>") + 2 :]


def _packet(pdf: pdfium.PdfDocument, index: int) -> bytes:
    size = ctypes.c_ulong()
    if not c.FPDF_GetXFAPacketContent(pdf.raw, index, None, 0, size):
        return b""
    if not 0 < size.value <= _MAX_BYTES:
        return b""
    buffer = ctypes.create_string_buffer(size.value)
    c.FPDF_GetXFAPacketContent(pdf.raw, index, buffer, size.value, size)
    return buffer.raw[: size.value]
