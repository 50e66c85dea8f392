"""Word documents (Office Open XML, transitional and strict).

Word does not store pages; it notes where they broke when it last laid the text out, and those notes
are used when they are there. Otherwise the unit is the section under a main heading.
"""

import re
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from lxml import etree

from ingestion.errors import UnsafeDocument
from ingestion.parsing import media_types
from ingestion.parsing.archive import attribute, local_name
from ingestion.parsing.document import Block, ParsedDocument, ParsedPage
from ingestion.parsing.docx.insertions import Insertions
from ingestion.parsing.docx.parts import DocxParts
from ingestion.parsing.docx.text import ParagraphText, paragraph_text, paragraphs
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.office.flat import open_package
from ingestion.parsing.ooxml import (
    Relationship,
    child,
    chosen,
    main_part,
    package_origin,
    package_title,
    relationships,
    value_at,
)
from ingestion.parsing.text.normalise import clean_block, one_line
from ingestion.parsing.text.sections import first_heading, split_sections
from ingestion.parsing.text.tables import pipe_table

_MAX_SPAN = 100
_MAX_INSERTED_DEPTH = 3
_CODE_STYLE = re.compile(r"code|source|preformatted|verbatim|listing", re.I)
_CONTAINERS = frozenset(
    ["sdt", "sdtContent", "smartTag", "customXml", "ins", "moveTo", "body", "document"]
)


def parse(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read a .docx file; raises CorruptDocument, EncryptedDocument or UnsafeDocument."""
    return _read(file, limits, depth=0)


def _read(file: BinaryIO, limits: ParseLimits, depth: int) -> ParsedDocument:
    """Read a Word file, which may be inserted in another: `depth` counts those around it."""
    if depth > _MAX_INSERTED_DEPTH:
        raise UnsafeDocument("too many documents inserted in one another")
    with open_package(file, limits) as archive:
        part = main_part(archive, "word/document.xml")
        root = archive.main_xml(part)
        links = relationships(archive, part)
        insertions = Insertions(archive, limits, partial(_read, limits=limits, depth=depth + 1))
        parts = DocxParts.read(archive, links, insertions)
        parts.show(root, links)
        walker = _Walker(parts, insertions, links, _page_break_names(root))
        walker.walk(root)
        title = package_title(archive)
        origin = package_origin(archive)
        pages = walker.finished_pages()
        warnings = (*parts.warnings(), *insertions.warnings, *archive.warnings())
    blocks = [block for page in pages for block in page]
    if len(pages) > 1:
        parsed = tuple(
            ParsedPage(number, "", tuple(page)) for number, page in enumerate(pages, start=1)
        )
    else:
        parsed = split_sections(blocks)
    return ParsedDocument(
        media_type=media_types.DOCX,
        title=title or first_heading(blocks),
        language=None,
        unit="page" if len(pages) > 1 else "section",
        pages=parsed,
        warnings=warnings,
        origin=origin,
    )


def _page_break_names(root: etree._Element) -> frozenset[str]:
    """Return which elements tell pages apart. Breaks put by hand say nothing of the pages between
    them, so they count only together with Word's own notes, which repeat them."""
    has_notes = any(local_name(found) == "lastRenderedPageBreak" for found in root.iter())
    return frozenset({"lastRenderedPageBreak"}) if has_notes else frozenset()


class _Walker:
    """Walks the body and gathers blocks, page by page."""

    def __init__(
        self,
        parts: DocxParts,
        insertions: Insertions,
        links: list[Relationship],
        break_names: frozenset[str],
    ) -> None:
        self._parts = parts
        self._insertions = insertions
        self._linked = {link.id: link.part for link in links}
        self._break_names = break_names
        self._pages: list[list[Block]] = [[]]
        self._notes_given = 0

    def finished_pages(self) -> list[list[Block]]:
        """Return the blocks of each page, with page headers first and page footers last, once."""
        headers = [Block("paragraph", text) for text in self._parts.header_texts()]
        footers = [Block("paragraph", text) for text in self._parts.footer_texts()]
        self._pages[0][:0] = headers
        self._pages[-1].extend(footers)
        return self._pages

    def walk(self, element: etree._Element) -> None:
        """Gather the blocks of a body, a text box or a container in it."""
        for item in element:
            name = local_name(item)
            if name == "p":
                self._paragraph(item)
            elif name == "tbl":
                self._table(item)
            elif name == "altChunk":
                for block in self._inserted(item):
                    self._add(block)
            elif name == "AlternateContent":
                branch = chosen(item)
                if branch is not None:
                    self.walk(branch)
            elif name in _CONTAINERS:
                self.walk(item)

    def _inserted(self, chunk: etree._Element) -> list[Block]:
        return self._insertions.blocks(self._linked.get(attribute(chunk, "id") or "", ""))

    def _paragraph(self, element: etree._Element) -> None:
        found = paragraph_text(element, self._break_names)
        style = self._parts.style_of(element)
        level = self._parts.heading_level(element, style)
        marker, depth = self._marker(element, style, bool(found.text.strip()))
        for number, piece in enumerate(found.pieces):
            if number:
                self._pages.append([])
            text = clean_block(piece)
            if not text:
                continue
            if level:
                # A number computed by Word belongs to the heading: "Article 3".
                self._add(Block("heading", one_line(f"{marker} {text}".strip(" -")), level))
            elif depth:
                indent = "  " * (depth - 1)
                self._add(Block("list_item", f"{indent}{marker} {text}".rstrip(), depth))
            elif _CODE_STYLE.search(self._parts.style_name(style)):
                self._add_code(piece)
            elif "caption" in self._parts.style_name(style).lower():
                self._add(Block("caption", text))
            else:
                self._add(Block("paragraph", text))
            marker = ""
        self._hangings(found)

    def _hangings(self, found: ParagraphText) -> None:
        """Add what hangs on a paragraph: text boxes, notes, comments, charts."""
        for box in found.boxes:
            self.walk(box)
        for kind, note_id in found.notes:
            text = self._parts.note_text(kind, note_id)
            if text and kind == "comment":
                self._add(Block("paragraph", f"[{text}]"))
            elif text:
                self._notes_given += 1
                self._add(Block("paragraph", f"Note {self._notes_given} : {text}"))
        for link in found.graphics:
            for block in self._parts.graphic_blocks(link):
                self._add(block)

    def _add(self, block: Block) -> None:
        self._pages[-1].append(block)

    def _add_code(self, text: str) -> None:
        """Word makes a paragraph of each line of code: they are put together again."""
        blocks = self._pages[-1]
        line = text.strip("\n").rstrip()
        if blocks and blocks[-1].kind == "code":
            line = f"{blocks.pop().text}\n{line}"
        blocks.append(Block("code", line))

    def _marker(self, element: etree._Element, style: str, has_text: bool) -> tuple[str, int]:
        """Return what stands before a list item and its depth, from 1; ("", 0) if it is none."""
        number_id, level = self._parts.list_place(element, style)
        if not number_id or number_id == "0" or not has_text:
            return "", 0
        return self._parts.numbering.marker(number_id, level), level + 1

    def _table(self, element: etree._Element) -> None:
        rows = list(_parts(element, "tr"))
        cells = [cell for row in rows for cell in _parts(row, "tc")]
        if len(cells) == 1:  # a frame around text
            self.walk(cells[0])
            return
        grid: list[list[str]] = []
        for row in rows:
            grid.append(self._row(row, grid[-1] if grid else []))
        text = pipe_table(grid)
        if text:
            self._add(Block("table", text))
        breaks = sum(local_name(item) in self._break_names for item in element.iter())
        self._pages.extend([] for _ in range(breaks))

    def _row(self, row: etree._Element, above: list[str]) -> list[str]:
        """Return the texts of a row; merged cells are repeated, so that a row stands alone."""
        texts = [""] * _count(value_at(row, "trPr", "gridBefore"), 0)
        own = list(_parts(row, "tc"))
        for cell in own:
            columns = _count(value_at(cell, "tcPr", "gridSpan"), 1)
            if _continues(cell, "hMerge"):
                text = texts[-1] if texts else ""
            elif _continues(cell, "vMerge"):
                text = above[len(texts)] if len(texts) < len(above) else ""
            else:
                text = self._cell_text(cell)
            texts.append(text)
            texts.extend([text if len(own) > 1 else ""] * (columns - 1))
        return texts

    def _cell_text(self, cell: etree._Element) -> str:
        parts: list[str] = []
        for paragraph in paragraphs(cell):
            if local_name(paragraph) == "altChunk":
                parts.extend(block.text for block in self._inserted(paragraph))
            found = paragraph_text(paragraph, frozenset())
            parts.append(found.text)
            for box in found.boxes:
                parts.extend(paragraph_text(inner, frozenset()).text for inner in paragraphs(box))
            parts.extend(self._parts.note_text(kind, note_id) for kind, note_id in found.notes)
        return one_line(" ".join(parts))


def _count(value: str | None, default: int) -> int:
    return min(int(value), _MAX_SPAN) if value is not None and value.isdecimal() else default


def _continues(cell: etree._Element, merge: str) -> bool:
    """Tell whether a cell goes on with the one above ("vMerge") or before ("hMerge")."""
    found = child(cell, "tcPr", merge)
    return found is not None and attribute(found, "val") != "restart"


def _parts(parent: etree._Element, wanted: str) -> Iterator[etree._Element]:
    """Yield the rows ("tr") of a table or the cells ("tc") of a row, wrapped ones included."""
    for item in parent:
        name = local_name(item)
        if name == wanted:
            yield item
        elif name in _CONTAINERS:
            yield from _parts(item, wanted)
