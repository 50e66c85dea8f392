"""OpenDocument: texts, spreadsheets and presentations (LibreOffice's own formats).

Prefixes differ between producers, so elements are looked up by local name, as in Office Open XML.
"""

from typing import BinaryIO

from lxml import etree

from ingestion.errors import CorruptDocument, EncryptedDocument
from ingestion.parsing import media_types
from ingestion.parsing.archive import Archive, attribute, local_name
from ingestion.parsing.document import Block, ParsedDocument, ParsedPage
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.odf.reader import OdfReader
from ingestion.parsing.odf.styles import OdfResources, numbered_lists, style_outlines
from ingestion.parsing.ooxml import child, children, descendants
from ingestion.parsing.text.normalise import one_line
from ingestion.parsing.text.sections import first_heading, split_sections
from ingestion.parsing.xlsx.grid import TextBudget


def parse_text(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read an .odt file: pages where soft page breaks were saved, sections otherwise."""
    content, title, resources = _open(file, limits)
    reader = OdfReader(resources, TextBudget(limits.max_text_chars))
    reader.walk(_body(content, "text"))
    blocks = [block for page in reader.pages for block in page]
    pages = _numbered(reader.pages) if len(reader.pages) > 1 else split_sections(blocks)
    return ParsedDocument(
        media_type=media_types.ODT,
        title=title or first_heading(blocks),
        language=None,
        unit="page" if len(reader.pages) > 1 else "section",
        pages=pages,
    )


def parse_spreadsheet(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read an .ods file: one page a sheet, hidden ones included."""
    content, title, resources = _open(file, limits)
    budget = TextBudget(limits.max_text_chars)
    pages: list[ParsedPage] = []
    for table in children(_body(content, "spreadsheet"), "table"):
        reader = OdfReader(resources, budget)
        reader.sheet(table)
        name = one_line(attribute(table, "name") or "")
        pages.append(ParsedPage(len(pages) + 1, name, tuple(reader.pages[0])))
    return ParsedDocument(
        media_type=media_types.ODS, title=title, language=None, unit="sheet", pages=tuple(pages)
    )


def parse_presentation(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read an .odp file: one page a slide, its notes last."""
    content, title, resources = _open(file, limits)
    budget = TextBudget(limits.max_text_chars)
    pages: list[ParsedPage] = []
    for slide in children(_body(content, "presentation"), "page"):
        reader = OdfReader(resources, budget)
        reader.walk(slide)
        blocks = sorted(reader.pages[0], key=lambda block: block.kind != "heading")
        label = blocks[0].text if blocks and blocks[0].kind == "heading" else ""
        pages.append(ParsedPage(len(pages) + 1, label, tuple(blocks)))
    return ParsedDocument(
        media_type=media_types.ODP,
        title=title or next((page.label for page in pages if page.label), None),
        language=None,
        unit="slide",
        pages=tuple(pages),
    )


def _open(file: BinaryIO, limits: ParseLimits) -> tuple[etree._Element, str | None, OdfResources]:
    """Return (content, title, what the content refers to); raises EncryptedDocument."""
    with Archive(file, max_unpacked_bytes=limits.max_unpacked_bytes) as archive:
        manifest = "META-INF/manifest.xml"
        if manifest in archive and b"encryption-data" in archive.read(manifest):
            raise EncryptedDocument("OpenDocument with a password")
        content = archive.xml("content.xml")
        outlines, numbered = style_outlines(content), numbered_lists(content)
        if "styles.xml" in archive:
            styles = archive.xml("styles.xml")
            outlines = {**style_outlines(styles), **outlines}
            numbered = {**numbered_lists(styles), **numbered}
        title = _title(archive.xml("meta.xml")) if "meta.xml" in archive else None
        objects = {
            name.removesuffix("/content.xml"): archive.xml(name)
            for name in archive.names()
            if name.endswith("/content.xml")
        }
    return content, title, OdfResources(outlines, numbered, objects)


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
