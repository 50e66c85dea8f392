"""Presentations (Office Open XML): slides in order, with their notes, tables and charts."""

from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

from ingestion.errors import CorruptDocument
from ingestion.parsing import media_types
from ingestion.parsing.archive import Archive, attribute, local_name
from ingestion.parsing.charts import chart_blocks
from ingestion.parsing.document import Block, ParsedDocument, ParsedPage
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.ooxml import (
    child,
    children,
    chosen,
    descendants,
    main_part,
    package_title,
    relationships,
)
from ingestion.parsing.text.normalise import clean_block, one_line
from ingestion.parsing.text.tables import pipe_table

_TITLES = frozenset({"title", "ctrTitle"})
# Placeholders that repeat the same on each slide.
_REPEATED = frozenset({"sldNum", "dt", "ftr", "hdr", "sldImg"})
_MAX_DEPTH = 50


def parse(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read a .pptx file; raises CorruptDocument, EncryptedDocument or UnsafeDocument."""
    with Archive(file, max_unpacked_bytes=limits.max_unpacked_bytes) as archive:
        main = main_part(archive, "ppt/presentation.xml")
        authors = _comment_authors(archive, main)
        pages = tuple(
            _slide(archive, part, number, authors)
            for number, part in enumerate(_slide_parts(archive, main), start=1)
        )
        title = package_title(archive)
    return ParsedDocument(
        media_type=media_types.PPTX,
        title=title or next((page.label for page in pages if page.label), None),
        language=None,
        unit="slide",
        pages=pages,
    )


def _slide_parts(archive: Archive, main: str) -> Iterator[str]:
    """Yield the parts of the slides in the order in which they are shown."""
    parts = {link.id: link.part for link in relationships(archive, main) if link.kind == "slide"}
    listing = child(archive.xml(main), "sldIdLst")
    for entry in children(listing, "sldId") if listing is not None else ():
        for key, value in entry.attrib.items():
            if str(key).endswith("}id") and str(value) in parts:
                yield parts[str(value)]


def _comment_authors(archive: Archive, main: str) -> dict[str, str]:
    """Return author id → name, of both generations of comments."""
    return {
        author.get("id") or "": one_line(author.get("name") or "")
        for link in relationships(archive, main)
        if link.kind in ("commentAuthors", "authors") and link.part in archive
        for author in archive.xml(link.part)
    }


def _slide(archive: Archive, part: str, number: int, authors: dict[str, str]) -> ParsedPage:
    if part not in archive:
        raise CorruptDocument(f"slide {number} is missing")
    root = archive.xml(part)
    blocks = list(_shapes(root, 0))
    title = next((block.text for block in blocks if block.kind == "heading"), "")
    for link in relationships(archive, part):
        if link.part not in archive:
            continue
        if link.kind == "chart":
            blocks.extend(chart_blocks(archive.xml(link.part)))
        elif link.kind == "diagramData":
            blocks.extend(_diagram(archive.xml(link.part)))
        elif link.kind == "notesSlide":
            notes = _shapes(archive.xml(link.part), 0)
            blocks.extend(Block("paragraph", block.text.strip(" -")) for block in notes)
        elif link.kind == "comments":
            blocks.extend(_comments(archive.xml(link.part), authors))
    return ParsedPage(number, title, tuple(blocks))


def _shapes(element: etree._Element, depth: int) -> Iterator[Block]:
    """Yield the blocks of all shapes in `element`; the title comes first wherever it is drawn."""
    if depth > _MAX_DEPTH:
        return
    blocks: list[Block] = []
    for item in element:
        name = local_name(item)
        if name == "txBody":
            blocks.extend(_paragraphs(item, None))
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
        text = one_line(" ".join(_paragraph_text(item) for item in children(body, "p")))
        if text:
            yield Block("heading", text, 1)
    else:
        yield from _paragraphs(body, placeholder)


def _paragraphs(body: etree._Element, placeholder: str | None) -> Iterator[Block]:
    counts: dict[int, int] = {}
    for item in children(body, "p"):
        text = clean_block(_paragraph_text(item))
        if not text:
            continue
        properties = child(item, "pPr")
        level = int(properties.get("lvl") or 0) if properties is not None else 0
        marker = _marker(properties, placeholder, level)
        counts = {depth: count for depth, count in counts.items() if depth <= level}
        counts[level] = counts.get(level, 0) + 1 if marker == "#" else 0
        if marker == "#":
            marker = f"{counts[level]}."
        if marker:
            yield Block("list_item", f"{'  ' * level}{marker} {text}", level + 1)
        else:
            yield Block("paragraph", text)


def _marker(properties: etree._Element | None, placeholder: str | None, level: int) -> str:
    """Return "-" for a bullet, "#" for a number, "" for none."""
    if properties is not None:
        if child(properties, "buNone") is not None:
            return ""
        if child(properties, "buAutoNum") is not None:
            return "#"
        if child(properties, "buChar") is not None:
            return "-"
    return "-" if placeholder == "body" or level > 0 else ""


def _paragraph_text(paragraph: etree._Element) -> str:
    parts: list[str] = []
    for item in paragraph.iter():
        name = local_name(item)
        if name == "t":
            parts.append(item.text or "")
        elif name == "br":
            parts.append("\n")
        elif name == "tab":
            parts.append(" ")
    return "".join(parts)


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
                texts.append(one_line(" ".join(_paragraph_text(p) for p in descendants(cell, "p"))))
        grid.append(texts)
    text = pipe_table(grid)
    if text:
        yield Block("table", text)


def _diagram(root: etree._Element) -> Iterator[Block]:
    """Yield the words of a diagram, each once."""
    texts = [one_line(_paragraph_text(found)) for found in descendants(root, "p")]
    distinct = [text for text in dict.fromkeys(texts) if text]
    if distinct:
        yield Block("paragraph", "\n".join(distinct))


def _comments(root: etree._Element, authors: dict[str, str]) -> Iterator[Block]:
    for comment in descendants(root, "cm", "reply"):
        own = [item for item in comment if local_name(item) in ("text", "txBody")]
        texts = (found.text or "" for item in own for found in descendants(item, "text", "t"))
        text = one_line(" ".join(texts))
        author = authors.get(comment.get("authorId") or "", "")
        if text:
            yield Block("paragraph", f"[{author}: {text}]" if author else f"[{text}]")
