"""Presentations (Office Open XML): slides in order, with their notes, tables and charts."""

import posixpath
from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

from ingestion.parse_warnings import ParseWarning, WarningCode
from ingestion.parsing import media_types
from ingestion.parsing.archive import Archive, attribute, local_name
from ingestion.parsing.document import Block, ParsedDocument, ParsedPage
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.office.charts import chart_blocks
from ingestion.parsing.office.diagrams import read_diagrams
from ingestion.parsing.office.flat import open_package
from ingestion.parsing.ooxml import (
    Relationship,
    child,
    children,
    chosen,
    descendants,
    drop_hidden_shapes,
    embedded_files,
    main_part,
    numbered_parts,
    package_origin,
    package_title,
    relationships,
)
from ingestion.parsing.pptx.text import paragraph_text, text_blocks
from ingestion.parsing.pptx.theme import Themes
from ingestion.parsing.pptx.visible import Box, show_slide
from ingestion.parsing.text.comments import comment_blocks
from ingestion.parsing.text.normalise import one_line
from ingestion.parsing.text.tables import pipe_table

_TITLES = frozenset({"title", "ctrTitle"})
# Placeholders that repeat the same on each slide.
_REPEATED = frozenset({"sldNum", "dt", "ftr", "hdr", "sldImg"})
_MAX_DEPTH = 50
_USUAL_SIZE = Box(0, 0, 12_192_000, 6_858_000)
_CHARTS = frozenset({"chart", "chartEx"})
_HANGING = _CHARTS | {"notesSlide", "comments"}


def parse(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read a .pptx file; raises CorruptDocument, EncryptedDocument or UnsafeDocument."""
    with open_package(file, limits) as archive:
        main = main_part(archive, "ppt/presentation.xml")
        reader = _SlideReader(archive, _comment_authors(archive, main), _slide_size(archive, main))
        pages = tuple(
            reader.slide(part, number)
            for number, part in enumerate(_slide_parts(archive, main), start=1)
        )
        title = package_title(archive)
        origin = package_origin(archive)
        warnings = (*reader.warnings(), *archive.warnings())
    return ParsedDocument(
        media_type=media_types.PPTX,
        title=title or next((page.label for page in pages if page.label), None),
        language=None,
        unit="slide",
        pages=pages,
        warnings=warnings,
        origin=origin,
    )


def _slide_parts(archive: Archive, main: str) -> list[str]:
    """Return the parts of the slides in the order in which they are shown."""
    parts = {link.id: link.part for link in relationships(archive, main) if link.kind == "slide"}
    listing = child(archive.main_xml(main), "sldIdLst")
    found = [
        parts[str(value)]
        for entry in (children(listing, "sldId") if listing is not None else ())
        for key, value in entry.attrib.items()
        if str(key).endswith("}id") and str(value) in parts
    ]
    return found or numbered_parts(archive, f"{posixpath.dirname(main)}/slides/slide")


def _slide_size(archive: Archive, main: str) -> Box:
    """Return the size of all slides; the usual one if the file does not tell."""
    size = child(archive.main_xml(main), "sldSz")
    width, height = (size.get("cx"), size.get("cy")) if size is not None else ("", "")
    is_given = width and height and width.isdecimal() and height.isdecimal()
    return Box(0, 0, int(width), int(height)) if is_given else _USUAL_SIZE


def _comment_authors(archive: Archive, main: str) -> dict[str, str]:
    """Return author id → name, of both generations of comments."""
    roots = (
        archive.find_xml(link.part)
        for link in relationships(archive, main)
        if link.kind in ("commentAuthors", "authors")
    )
    return {
        author.get("id") or "": one_line(author.get("name") or "")
        for root in roots
        if root is not None
        for author in root
    }


class _SlideReader:
    """Reads slides with all that hangs on them, and notes what a reader must know."""

    def __init__(self, archive: Archive, authors: dict[str, str], size: Box) -> None:
        self._archive = archive
        self._authors = authors
        self._size = size
        self._themes = Themes(archive)
        self._hidden_slides: list[str] = []
        self._embedded: list[str] = []
        self._codes: set[WarningCode] = set()

    def slide(self, part: str, number: int) -> ParsedPage:
        """Return a slide; an empty page, which keeps the numbers right, if it cannot be read."""
        if part not in self._archive:
            self._archive.note_damage(part)
        root = self._archive.find_xml(part)
        if root is None:
            return ParsedPage(number, "", ())
        if root.get("show") in ("0", "false"):
            self._hidden_slides.append(str(number))
        links = relationships(self._archive, part)
        self._embedded += embedded_files(links, root)
        self._codes |= show_slide(root, self._themes.of(root, links), self._size)
        blocks = self._shown(root)
        title = next((block.text for block in blocks if block.kind == "heading"), "")
        for link in links:
            blocks.extend(self._hanging(link))
        for diagram in read_diagrams(self._archive, links).values():
            blocks.extend(diagram)
        return ParsedPage(number, title, tuple(blocks))

    def warnings(self) -> Iterator[ParseWarning]:
        """Yield what a reader must know of the slides read so far."""
        if self._hidden_slides:
            yield ParseWarning(WarningCode.HIDDEN_SLIDES, tuple(self._hidden_slides))
        yield from (ParseWarning(code) for code in sorted(self._codes))
        if self._embedded:
            yield ParseWarning(WarningCode.UNREAD_FILES, tuple(self._embedded))

    def _shown(self, root: etree._Element) -> list[Block]:
        if drop_hidden_shapes(root):
            self._codes.add(WarningCode.HIDDEN_TEXT)
        return list(_shapes(root, 0))

    def _hanging(self, link: Relationship) -> Iterator[Block]:
        """Yield the chart, the notes or the comments that a slide refers to."""
        root = self._archive.find_xml(link.part) if link.kind in _HANGING else None
        if root is None:
            return
        if link.kind in _CHARTS:
            yield from chart_blocks(root)
        elif link.kind == "notesSlide":
            for block in self._shown(root):
                yield Block("paragraph", block.text.strip(" -"))
        else:
            yield from _comments(root, self._authors)


def _shapes(element: etree._Element, depth: int) -> Iterator[Block]:
    """Yield the blocks of all shapes in `element`; the title comes first wherever it is drawn."""
    if depth > _MAX_DEPTH:
        return
    blocks: list[Block] = []
    for item in element:
        name = local_name(item)
        if name == "txBody":
            blocks.extend(text_blocks(item, None))
        elif name == "sp":
            blocks.extend(_shape(item))
        elif name == "tbl":
            blocks.extend(_table(item))
        elif name == "AlternateContent":
            branch = chosen(item)
            if branch is not None:
                blocks.extend(_shapes(branch, depth + 1))
        else:
            blocks.extend(_shapes(item, depth + 1))
    yield from sorted(blocks, key=lambda block: block.kind != "heading")


def _shape(shape: etree._Element) -> Iterator[Block]:
    holder = child(shape, "nvSpPr", "nvPr", "ph")
    placeholder = (attribute(holder, "type") or "body") if holder is not None else None
    body = child(shape, "txBody")
    if body is None or placeholder in _REPEATED:
        return
    if placeholder in _TITLES:
        text = one_line(" ".join(paragraph_text(item) for item in children(body, "p")))
        if text:
            yield Block("heading", text, 1)
    else:
        yield from text_blocks(body, placeholder)


def _table(table: etree._Element) -> Iterator[Block]:
    grid: list[list[str]] = []
    for row in children(table, "tr"):
        texts: list[str] = []
        for cell in children(row, "tc"):
            if cell.get("hMerge") in ("1", "true"):
                texts.append(texts[-1] if texts else "")
            elif cell.get("vMerge") in ("1", "true"):
                above = grid[-1] if grid else []
                texts.append(above[len(texts)] if len(texts) < len(above) else "")
            else:
                texts.append(one_line(" ".join(paragraph_text(p) for p in descendants(cell, "p"))))
        grid.append(texts)
    text = pipe_table(grid)
    if text:
        yield Block("table", text)


def _comments(root: etree._Element, authors: dict[str, str]) -> Iterator[Block]:
    for comment in descendants(root, "cm", "reply"):
        own = [item for item in comment if local_name(item) in ("text", "txBody")]
        texts = (found.text or "" for item in own for found in descendants(item, "text", "t"))
        yield from comment_blocks(
            " ".join(texts),
            author=authors.get(comment.get("authorId") or "", ""),
            written_at=comment.get("dt") or comment.get("created") or "",
        )
