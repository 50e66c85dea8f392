"""Pictures: their text is what OCR read on each page."""

from typing import BinaryIO

from ingestion.parse_warnings import ParseWarning, WarningCode
from ingestion.parsing.detection.pictures import picture_type
from ingestion.parsing.document import ParsedDocument, ParsedPage
from ingestion.parsing.image.frames import count_pages
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.pdf.columns import in_reading_order
from ingestion.parsing.pdf.paragraphs import document_looks, page_blocks
from ingestion.parsing.pdf.running_headers import without_running_lines
from ingestion.parsing.pdf.scans.scanned_lines import text_lines
from ingestion.parsing.recognised import Recognised


def parse(
    file: BinaryIO, limits: ParseLimits, recognised: Recognised | None = None
) -> ParsedDocument:
    """Return the pages of a picture; raises CorruptDocument, ImageTooLarge or TooManyPages."""
    count, has_other_frames = count_pages(file, limits.max_pages)
    read = [(recognised or {}).get(number) for number in range(1, count + 1)]
    lines = without_running_lines(
        [text_lines(page) if page else [] for page in read],
        [page.height if page else 0.0 for page in read],
    )
    lines = [in_reading_order(page) for page in lines]
    looks = document_looks(lines, {})
    pages = tuple(
        ParsedPage(number, "", tuple(page_blocks(shown, looks)), page.confidence if page else None)
        for number, (page, shown) in enumerate(zip(read, lines, strict=True), start=1)
    )
    return ParsedDocument(
        media_type=picture_type(file) or "",
        title=None,
        language=None,
        unit="page",
        pages=pages,
        warnings=(ParseWarning(WarningCode.OTHER_FRAMES),) if has_other_frames else (),
        scanned=tuple(number for number, page in enumerate(read, start=1) if page is None),
    )
