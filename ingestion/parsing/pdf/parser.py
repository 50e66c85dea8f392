"""PDF: text, outline and metadata by PDFium; pypdf stands in where PDFium fails."""

from dataclasses import replace
from typing import BinaryIO

import pypdfium2 as pdfium
import pypdfium2.raw as c

from ingestion.errors import (
    CorruptDocument,
    EmptyDocument,
    EncryptedDocument,
    TooManyPages,
    TooMuchText,
)
from ingestion.parse_warnings import ParseWarning, WarningCode
from ingestion.parsing import media_types
from ingestion.parsing.document import Block, ParsedDocument, ParsedPage
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.origin import origin_of
from ingestion.parsing.pdf import fallback
from ingestion.parsing.pdf.accents import with_composed_accents
from ingestion.parsing.pdf.annotations import PageAnnotations, attachment_name
from ingestion.parsing.pdf.columns import in_reading_order
from ingestion.parsing.pdf.layers import is_portfolio, without_hidden_layers
from ingestion.parsing.pdf.lines import Line, page_lines
from ingestion.parsing.pdf.paragraphs import document_looks, folded, page_blocks
from ingestion.parsing.pdf.pdfium import mapped, says_password
from ingestion.parsing.pdf.rows import same_row_joined
from ingestion.parsing.pdf.running_headers import without_running_lines
from ingestion.parsing.pdf.scans.detection import is_scan
from ingestion.parsing.pdf.scans.scanned_lines import text_lines
from ingestion.parsing.pdf.unmapped import FontMaps
from ingestion.parsing.pdf.unseen import UnseenText
from ingestion.parsing.pdf.xfa import is_drawn_by_xfa, is_xfa, xfa_blocks
from ingestion.parsing.recognised import Recognised
from ingestion.parsing.text.normalise import one_line

_MAX_OUTLINE_ENTRIES = 5_000
_MAX_OUTLINE_DEPTH = 6
_TITLE_LEFTOVERS = (
    ".doc",
    ".docx",
    ".ppt",
    ".pptx",
    ".xls",
    ".xlsx",
    ".odt",
    ".indd",
    ".tex",
    ".pdf",
)


def parse(
    file: BinaryIO, limits: ParseLimits, recognised: Recognised | None = None
) -> ParsedDocument:
    """Read a PDF file, with what OCR read on its pages that are images.

    Raises EncryptedDocument, EmptyDocument, TooManyPages or CorruptDocument.
    """
    recognised = recognised or {}
    try:
        pdf = pdfium.PdfDocument(mapped(file))
        count = len(pdf)
    except pdfium.PdfiumError as error:
        if says_password(error):
            raise EncryptedDocument(str(error)) from error
        return fallback.parse(file, limits)
    try:
        if count > limits.max_pages:
            raise TooManyPages(f"{count} pages")
        if count == 0:
            return fallback.parse(file, limits)
        rewritten = without_hidden_layers(file)
        if rewritten is None:
            return _parse(pdf, file, limits, recognised)
    finally:
        pdf.close()
    shown = pdfium.PdfDocument(rewritten)
    try:
        document = _parse(shown, file, limits, recognised)
    finally:
        shown.close()
    hidden = ParseWarning(WarningCode.HIDDEN_TEXT)
    return replace(document, warnings=(*document.warnings, hidden))


def _parse(
    pdf: pdfium.PdfDocument, file: BinaryIO, limits: ParseLimits, recognised: Recognised
) -> ParsedDocument:
    reading = _Reading(pdf, file, limits, recognised)
    pages = without_running_lines(reading.lines, reading.heights)
    pages = [in_reading_order(lines) for lines in pages]
    looks = document_looks(pages, _outline(pdf))
    parsed = tuple(
        ParsedPage(
            number,
            reading.labels[number - 1],
            (*page_blocks(lines, looks), *extra),
            reading.confidences.get(number),
        )
        for number, (lines, extra) in enumerate(zip(pages, reading.extras, strict=True), start=1)
    )
    is_cover = bool(reading.files) and len(parsed) == 1 and is_portfolio(file)
    if not (is_cover or reading.scans or recognised or any(page.blocks for page in parsed)):
        if reading.unknown_text_pages:
            raise CorruptDocument("no font tells which characters its glyphs are")
        raise EmptyDocument(f"{len(parsed)} pages without text")
    return ParsedDocument(
        media_type=media_types.PDF,
        title=_title(pdf, parsed),
        language=None,
        unit="page",
        pages=parsed,
        warnings=reading.warnings(),
        origin=origin_of(pdf.get_metadata_value("Author"), pdf.get_metadata_value("CreationDate")),
        scanned=tuple(reading.scans),
        is_cover=is_cover,
    )


class _Reading:
    """Everything that PDFium says about the pages, one page at a time."""

    def __init__(
        self,
        pdf: pdfium.PdfDocument,
        file: BinaryIO,
        limits: ParseLimits,
        recognised: Recognised,
    ) -> None:
        self._recognised = recognised
        self.confidences: dict[int, int] = {}
        self.lines: list[list[Line]] = []
        self.heights: list[float] = []
        self.extras: list[list[Block]] = []
        self.scans: list[int] = []
        self.unknown_text_pages: list[int] = []
        self.labels: list[str] = []
        self._unreadable: list[int] = []
        self._has_fields = self._has_outside_text = False
        self._unseen, self._fonts = UnseenText(pdf), FontMaps()
        self.files = [
            attachment_name(c.FPDFDoc_GetAttachment(pdf.raw, index))
            for index in range(c.FPDFDoc_GetAttachmentCount(pdf.raw))
        ]
        self._form: pdfium.PdfFormEnv | None = None
        if pdf.get_formtype() != c.FORMTYPE_NONE:
            pdf.init_forms()
            self._form = pdf.formenv
        chars = 0
        for index in range(len(pdf)):
            self._read(pdf, file, index)
            chars += sum(len(line.text) for line in self.lines[-1])
            if chars > limits.max_text_chars:
                raise TooMuchText(f"more than {limits.max_text_chars} characters")
        if len(self._unreadable) == len(self.lines):
            raise CorruptDocument("no page can be read")
        self._unread_form = is_xfa(pdf) and (is_drawn_by_xfa(pdf) or not self._has_fields)
        if self._unread_form:
            self.extras[0] += xfa_blocks(pdf)

    def _read(self, pdf: pdfium.PdfDocument, file: BinaryIO, index: int) -> None:
        lines: list[Line] = []
        extra: list[Block] = []
        height = 0.0
        try:
            page = pdf[index]
        except pdfium.PdfiumError:
            text = fallback.page_text(file, index)
            if not text:
                self._unreadable.append(index + 1)
            extra = [Block("paragraph", text)] if text else []
        else:
            try:
                height = page.get_height()
                found = page_lines(page, index + 1, self._unseen, self._fonts)
                if found.has_unknown_text:
                    self.unknown_text_pages.append(index + 1)
                lines = with_composed_accents(same_row_joined(found.lines))
                self._has_outside_text |= found.has_outside_text
                annotations = PageAnnotations(page, self._form)
                extra = annotations.blocks
                self.files += annotations.files
                self._has_fields |= annotations.has_fields
                if not lines and is_scan(page):
                    lines = self._scanned_lines(index + 1)
                    if page_read := self._recognised.get(index + 1):
                        height = page_read.height
            except pdfium.PdfiumError:
                self._unreadable.append(index + 1)
            finally:
                page.close()
        label = pdf.get_page_label(index)
        self.labels.append(label if label != str(index + 1) else "")
        self.lines.append(lines)
        self.heights.append(height)
        self.extras.append(extra)

    def _scanned_lines(self, number: int) -> list[Line]:
        """Return what OCR read on a page; without it, note the page."""
        page = self._recognised.get(number)
        if page is None:
            self.scans.append(number)
            return []
        self.confidences[number] = page.confidence
        return text_lines(page)

    def warnings(self) -> tuple[ParseWarning, ...]:
        """Return what a person should know about pages that gave no text."""
        found = {
            WarningCode.UNREADABLE_PAGES: self._unreadable,
            WarningCode.UNREADABLE_LETTERS: self.unknown_text_pages,
            WarningCode.INVISIBLE_TEXT: self._unseen.pages,
        }
        warnings = [
            ParseWarning(code, tuple(map(str, pages))) for code, pages in found.items() if pages
        ]
        if self.files:
            warnings.append(ParseWarning(WarningCode.UNREAD_FILES, tuple(filter(None, self.files))))
        if self._unread_form:
            warnings.append(ParseWarning(WarningCode.UNREAD_FORM))
        if self._has_outside_text:
            warnings.append(ParseWarning(WarningCode.HIDDEN_TEXT))
        return tuple(warnings)


def _outline(pdf: pdfium.PdfDocument) -> dict[str, int]:
    """Return the bookmarks: folded title → level from 1."""
    levels: dict[str, int] = {}
    for number, bookmark in enumerate(pdf.get_toc(max_depth=_MAX_OUTLINE_DEPTH)):
        if number >= _MAX_OUTLINE_ENTRIES:
            break
        key = folded(bookmark.get_title())
        if key:
            levels.setdefault(key, bookmark.level + 1)
    return levels


def _title(pdf: pdfium.PdfDocument, pages: tuple[ParsedPage, ...]) -> str | None:
    """Return the title of the metadata unless it is a file name, else the first page's heading."""
    title = one_line(pdf.get_metadata_value("Title"))
    is_leftover = title.lower().endswith(_TITLE_LEFTOVERS) or title.lower().startswith(
        ("microsoft ", "untitled", "sans titre")
    )
    if len(title) > 3 and not is_leftover:
        return title
    headings = [block for page in pages[:2] for block in page.blocks if block.kind == "heading"]
    return min(headings, key=lambda block: block.level).text if headings else None
