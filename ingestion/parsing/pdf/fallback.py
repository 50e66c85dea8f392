"""pypdf where PDFium gives up: slower, without layout, but it mends broken cross-references."""

import zlib
from typing import BinaryIO

from pypdf import PdfReader
from pypdf.errors import DeprecationError, PyPdfError

from ingestion.errors import CorruptDocument, EmptyDocument, EncryptedDocument, TooManyPages
from ingestion.parse_warnings import ParseWarning, WarningCode
from ingestion.parsing import media_types
from ingestion.parsing.document import ParsedDocument, ParsedPage
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.plain import text_blocks

# What pypdf raises on files that break its assumptions, besides its own errors.
BROKEN = (
    AssertionError,
    AttributeError,
    DeprecationError,
    LookupError,
    NotImplementedError,
    OSError,
    PyPdfError,
    RecursionError,
    TypeError,
    ValueError,
    zlib.error,
)


def parse(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read with pypdf a file that PDFium cannot open; raises CorruptDocument if pypdf cannot."""
    try:
        reader = PdfReader(file)
        if reader.is_encrypted and not reader.decrypt(""):
            raise EncryptedDocument("pypdf needs a password")
        count = len(reader.pages)
    except BROKEN as error:
        raise CorruptDocument(f"neither PDFium nor pypdf can open it: {error}") from error
    if count > limits.max_pages:
        raise TooManyPages(f"{count} pages")
    pages = tuple(
        ParsedPage(index + 1, "", tuple(text_blocks(_text(reader, index))))
        for index in range(count)
    )
    if not any(page.blocks for page in pages):
        if count:
            raise CorruptDocument(f"{count} pages, no readable text")
        raise EmptyDocument("no pages")
    return ParsedDocument(
        media_type=media_types.PDF,
        title=None,
        language=None,
        unit="page",
        pages=pages,
        warnings=(ParseWarning(WarningCode.DAMAGED_FILE),),
    )


def page_text(file: BinaryIO, index: int) -> str:
    """Return the text of the page at `index` (from 0), or "" if pypdf cannot read it either."""
    try:
        return _text(PdfReader(file), index)
    except BROKEN:
        return ""


def _text(reader: PdfReader, index: int) -> str:
    try:
        return reader.pages[index].extract_text()
    except BROKEN:
        return ""
