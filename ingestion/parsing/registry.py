"""Which parser reads which media type, and what holds for every parsed document."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import BinaryIO, Protocol

from ingestion.errors import (
    CorruptDocument,
    EmptyDocument,
    ImageOnlyDocument,
    TooManyPages,
    TooMuchText,
    UnsupportedMediaType,
)
from ingestion.parse_warnings import ParseWarning, WarningCode, merged_warnings
from ingestion.parsing import delimited, epub, markdown, media_types, plain
from ingestion.parsing.code import notebook
from ingestion.parsing.code import parser as code
from ingestion.parsing.detection.files import detect
from ingestion.parsing.document import ParsedDocument, ParsedPage
from ingestion.parsing.docx import parser as docx
from ingestion.parsing.eml import parser as eml
from ingestion.parsing.html import parser as html
from ingestion.parsing.image import parser as image
from ingestion.parsing.latex import parser as latex
from ingestion.parsing.legacy import parser as legacy
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.msg import parser as msg
from ingestion.parsing.odf import parser as odf
from ingestion.parsing.pdf import parser as pdf
from ingestion.parsing.pptx import parser as pptx
from ingestion.parsing.recognised import POOR_CONFIDENCE, Recognised
from ingestion.parsing.rtf import parser as rtf
from ingestion.parsing.structured import json_values, xml_elements
from ingestion.parsing.subtitles import parser as subtitles
from ingestion.parsing.text.language import detect_language
from ingestion.parsing.text.model_orders import has_model_orders
from ingestion.parsing.text.normalise import one_line
from ingestion.parsing.xlsx import parser as xlsx

_MAX_TITLE_CHARS = 300
_MAX_LABEL_CHARS = 200
_LANGUAGE_SAMPLE_CHARS = 20_000
# Fewer beside scans are a page number or a stamp.
_MIN_TEXT_CHARS = 8


class Parser(Protocol):
    """A function that reads one format, keeps no state, and raises errors of `ingestion.errors`.

    It is given an open, seekable file on disk at its beginning, and must open nothing else: where
    it runs nothing can be opened (`ingestion.sandbox`).
    """

    def __call__(self, file: BinaryIO, limits: ParseLimits) -> ParsedDocument: ...


class ScanParser(Protocol):
    """A parser of a format whose pages may be images: ``recognised`` is what OCR read on them."""

    def __call__(
        self, file: BinaryIO, limits: ParseLimits, recognised: Recognised | None = None
    ) -> ParsedDocument: ...


SCAN_PARSERS: Mapping[str, ScanParser] = {
    media_types.PDF: pdf.parse,
    **dict.fromkeys(media_types.PICTURES, image.parse),
}
PARSERS: Mapping[str, Parser] = {
    **SCAN_PARSERS,
    media_types.DOCX: docx.parse,
    media_types.PPTX: pptx.parse,
    media_types.XLSX: xlsx.parse,
    media_types.DOC: legacy.parse_text,
    media_types.PPT: legacy.parse_presentation,
    media_types.XLS: legacy.parse_spreadsheet,
    media_types.MSG: msg.parse,
    media_types.ODT: odf.parse_text,
    media_types.ODS: odf.parse_spreadsheet,
    media_types.ODP: odf.parse_presentation,
    media_types.HTML: html.parse,
    media_types.MARKDOWN: markdown.parse,
    media_types.TEXT: plain.parse,
    media_types.CSV: delimited.parse,
    media_types.EPUB: epub.parse,
    media_types.RTF: rtf.parse,
    media_types.EML: eml.parse,
    media_types.VTT: subtitles.parse_vtt,
    media_types.SRT: subtitles.parse_srt,
    media_types.JSON: json_values.parse,
    media_types.XML: xml_elements.parse,
    media_types.LATEX: latex.parse,
    media_types.NOTEBOOK: notebook.parse,
    media_types.CODE: code.parse,
}


def parse(
    file: BinaryIO,
    *,
    name: str,
    limits: ParseLimits,
    recognised: Recognised | None = None,
    before_ocr: bool = False,
) -> ParsedDocument:
    """Return the text of `file`, open on disk, called `name` by its owner.

    The pages hold text (an empty document raises EmptyDocument), and limits on pages and text
    hold whatever the format. Warnings are merged, so that each code stands once. `recognised` is
    what OCR read on the pages that are images; with `before_ocr`, a document may lack the text of
    its pages that are `scanned`. Of a file that only holds others, nothing more is said.
    """
    media_type = detect(file, name)
    parser = PARSERS.get(media_type)
    if parser is None:
        raise UnsupportedMediaType(media_type)
    file.seek(0)
    if recognised and media_type in SCAN_PARSERS:
        document = SCAN_PARSERS[media_type](file, limits, recognised)
    else:
        document = parser(file, limits)
    pages = tuple(_tidy(page) for page in document.pages)
    if len(pages) > limits.max_pages:
        raise TooManyPages(f"{len(pages)} pages")
    chars = sum(len(block.text) for page in pages for block in page.blocks)
    if chars > limits.max_text_chars:
        raise TooMuchText(f"{chars} characters")
    if document.is_cover or (before_ocr and document.scanned):
        return replace(document, pages=pages)
    if chars < _MIN_TEXT_CHARS and (document.scanned or recognised):
        raise ImageOnlyDocument(f"{chars} characters on {len(pages)} pages")
    if chars == 0:
        damaged = any(item.code == WarningCode.UNREADABLE_PARTS for item in document.warnings)
        reason = CorruptDocument if damaged else EmptyDocument
        raise reason(f"no text in {len(pages)} pages")
    title = one_line(document.title or "")[:_MAX_TITLE_CHARS].strip() or None
    language = document.language or detect_language(_sample(pages))
    found = [*_of_scans(document), *document.warnings, *_model_orders(pages)]
    warnings = merged_warnings(found)
    return replace(document, pages=pages, title=title, language=language, warnings=warnings)


def _of_scans(document: ParsedDocument) -> Iterator[ParseWarning]:
    """Yield warnings of pages whose text is missing or may be wrong, as they are images."""
    if document.scanned:
        yield ParseWarning(WarningCode.IMAGE_ONLY_PAGES, tuple(map(str, document.scanned)))
    poor = [
        str(page.number)
        for page in document.pages
        if page.blocks and page.ocr_confidence is not None and page.ocr_confidence < POOR_CONFIDENCE
    ]
    if poor:
        yield ParseWarning(WarningCode.POOR_SCAN, tuple(poor))


def _model_orders(pages: tuple[ParsedPage, ...]) -> Iterator[ParseWarning]:
    """Yield a warning if a page gives orders to a language model."""
    found = [
        str(page.number)
        for page in pages
        if any(has_model_orders(block.text) for block in page.blocks)
    ]
    if found:
        yield ParseWarning(WarningCode.MODEL_ORDERS, tuple(found))


def _tidy(page: ParsedPage) -> ParsedPage:
    blocks = tuple(block for block in page.blocks if block.text.strip())
    return replace(page, blocks=blocks, label=one_line(page.label)[:_MAX_LABEL_CHARS])


def _sample(pages: tuple[ParsedPage, ...]) -> str:
    parts: list[str] = []
    chars = 0
    for page in pages:
        for block in page.blocks:
            parts.append(block.text)
            chars += len(block.text)
            if chars > _LANGUAGE_SAMPLE_CHARS:
                return " ".join(parts)
    return " ".join(parts)
