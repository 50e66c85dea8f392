"""OpenDocument: texts, spreadsheets and presentations (LibreOffice's own formats).

Prefixes differ between producers, so elements are looked up by local name, as in Office Open XML.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from lxml import etree

from ingestion.errors import CorruptDocument, EncryptedDocument
from ingestion.parse_warnings import ParseWarning, WarningCode
from ingestion.parsing import media_types
from ingestion.parsing.archive import Archive, attribute, local_name, parse_xml
from ingestion.parsing.document import NO_ORIGIN, Block, Origin, ParsedDocument, ParsedPage
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.odf.formulas import show_formulas
from ingestion.parsing.odf.reader import OdfReader
from ingestion.parsing.odf.styles import OdfResources, margin_blocks, read_resources
from ingestion.parsing.odf.visible import show_text
from ingestion.parsing.ooxml import child, children, descendants
from ingestion.parsing.origin import origin_of
from ingestion.parsing.text.normalise import one_line
from ingestion.parsing.text.sections import first_heading, split_sections
from ingestion.parsing.xlsx.grid import TextBudget

_HEADERS = ("header", "header-first", "header-left")
_FOOTERS = ("footer", "footer-first", "footer-left")


@dataclass(frozen=True, slots=True)
class _Opened:
    """The content of a file as it is shown, its title, what it refers to, what to warn of."""

    content: etree._Element
    title: str | None
    resources: OdfResources
    headers: list[Block]
    footers: list[Block]
    warnings: tuple[ParseWarning, ...]
    origin: Origin


def parse_text(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read an .odt file: pages where soft page breaks were saved, sections otherwise."""
    opened = _open(file, limits)
    reader = OdfReader(opened.resources, TextBudget(limits.max_text_chars))
    reader.walk(_body(opened.content, "text"))
    reader.pages[0][:0] = opened.headers
    reader.pages[-1].extend(opened.footers)
    blocks = [block for page in reader.pages for block in page]
    pages = _numbered(reader.pages) if len(reader.pages) > 1 else split_sections(blocks)
    return ParsedDocument(
        media_type=media_types.ODT,
        title=opened.title or first_heading(blocks),
        language=None,
        unit="page" if len(reader.pages) > 1 else "section",
        pages=pages,
        warnings=opened.warnings,
        origin=opened.origin,
    )


def parse_spreadsheet(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read an .ods file: one page a sheet. Hidden sheets and cells are read, and warned of."""
    opened = _open(file, limits)
    budget = TextBudget(limits.max_text_chars)
    pages: list[ParsedPage] = []
    warnings = list(opened.warnings)
    for table in children(_body(opened.content, "spreadsheet"), "table"):
        reader = OdfReader(opened.resources, budget)
        reader.sheet(table)
        name = one_line(attribute(table, "name") or "")
        if attribute(table, "style-name") in opened.resources.hidden:
            warnings.append(ParseWarning(WarningCode.HIDDEN_SHEETS, (name,)))
        if reader.has_uncomputed_cells:
            warnings.append(ParseWarning(WarningCode.UNCOMPUTED_FORMULAS, (name,)))
        if reader.has_hidden_cells:
            warnings.append(ParseWarning(WarningCode.HIDDEN_CELLS, (name,)))
        pages.append(ParsedPage(len(pages) + 1, name, tuple(reader.pages[0])))
    return ParsedDocument(
        media_type=media_types.ODS,
        title=opened.title,
        language=None,
        unit="sheet",
        pages=tuple(pages),
        warnings=tuple(warnings),
        origin=opened.origin,
    )


def parse_presentation(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read an .odp file: one page a slide, its notes last."""
    opened = _open(file, limits)
    budget = TextBudget(limits.max_text_chars)
    pages: list[ParsedPage] = []
    warnings = list(opened.warnings)
    for slide in children(_body(opened.content, "presentation"), "page"):
        reader = OdfReader(opened.resources, budget)
        reader.walk(slide)
        blocks = sorted(reader.pages[0], key=lambda block: block.kind != "heading")
        label = blocks[0].text if blocks and blocks[0].kind == "heading" else ""
        pages.append(ParsedPage(len(pages) + 1, label, tuple(blocks)))
        if attribute(slide, "style-name") in opened.resources.hidden:
            warnings.append(ParseWarning(WarningCode.HIDDEN_SLIDES, (str(len(pages)),)))
    return ParsedDocument(
        media_type=media_types.ODP,
        title=opened.title or next((page.label for page in pages if page.label), None),
        language=None,
        unit="slide",
        pages=tuple(pages),
        warnings=tuple(warnings),
        origin=opened.origin,
    )


@dataclass(frozen=True, slots=True)
class _Parts:
    """The parts of a file: its content, and what others it has."""

    content: etree._Element
    styles: etree._Element | None
    meta: etree._Element | None
    objects: Mapping[str, etree._Element]
    warnings: tuple[ParseWarning, ...] = ()


def _open(file: BinaryIO, limits: ParseLimits) -> _Opened:
    """Open a file and make of its content what is shown; raises EncryptedDocument."""
    is_zip = file.read(2) == b"PK"
    file.seek(0)
    parts = _zipped_parts(file, limits) if is_zip else _flat_parts(file)
    content, styles = parts.content, parts.styles
    roots = [styles, content] if styles is not None else [content]
    codes = show_text(content, styles)
    show_formulas(content, parts.objects)
    embedded = [
        (attribute(item, "href") or "").removeprefix("./") for item in content.iter("{*}object-ole")
    ]
    warnings = [ParseWarning(code) for code in sorted(codes)]
    if embedded:
        warnings.append(ParseWarning(WarningCode.UNREAD_FILES, tuple(embedded)))
    return _Opened(
        content=content,
        title=_title(parts.meta) if parts.meta is not None else None,
        origin=_origin(parts.meta),
        resources=read_resources(roots, parts.objects),
        headers=margin_blocks(styles, *_HEADERS) if styles is not None else [],
        footers=margin_blocks(styles, *_FOOTERS) if styles is not None else [],
        warnings=(*warnings, *parts.warnings),
    )


def _zipped_parts(file: BinaryIO, limits: ParseLimits) -> _Parts:
    with Archive(file, max_unpacked_bytes=limits.max_unpacked_bytes) as archive:
        manifest = archive.find_xml("META-INF/manifest.xml")
        if manifest is not None and next(manifest.iter("{*}encryption-data"), None) is not None:
            raise EncryptedDocument("OpenDocument with a password")
        found = (
            (name.removesuffix("/content.xml"), archive.find_xml(name))
            for name in archive.names()
            if name.endswith("/content.xml")
        )
        return _Parts(
            content=archive.main_xml("content.xml"),
            styles=archive.find_xml("styles.xml"),
            meta=archive.find_xml("meta.xml"),
            objects={name: root for name, root in found if root is not None},
            warnings=archive.warnings(),
        )


def _flat_parts(file: BinaryIO) -> _Parts:
    """Return the parts of a file that is one XML file (.fodt, .fods, .fodp)."""
    root = parse_xml(file.read(), "flat OpenDocument")
    return _Parts(content=root, styles=root, meta=child(root, "meta"), objects={})


def _origin(meta: etree._Element | None) -> Origin:
    if meta is None:
        return NO_ORIGIN
    return origin_of(
        meta.findtext(".//{*}initial-creator") or meta.findtext(".//{*}creator"),
        meta.findtext(".//{*}creation-date") or meta.findtext(".//{*}date"),
    )


def _title(meta: etree._Element) -> str | None:
    return next((one_line(found.text) for found in descendants(meta, "title") if found.text), None)


def _body(content: etree._Element, kind: str) -> etree._Element:
    body = child(content, "body", kind)
    if body is None:
        found = child(content, "body")
        names = [local_name(item) for item in found] if found is not None else []
        raise CorruptDocument(f"no {kind} in the body, but {names}")
    return body


def _numbered(pages: list[list[Block]]) -> tuple[ParsedPage, ...]:
    return tuple(ParsedPage(number, "", tuple(page)) for number, page in enumerate(pages, start=1))
