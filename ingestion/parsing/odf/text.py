"""Walks the XML of an OpenDocument body and gathers blocks."""

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from ingestion.parsing.archive import attribute, local_name
from ingestion.parsing.document import Block
from ingestion.parsing.ooxml import children, descendants
from ingestion.parsing.text.normalise import clean_block, one_line
from ingestion.parsing.text.tables import pipe_table
from ingestion.parsing.xlsx.grid import TextBudget, sheet_blocks

# Repetitions are one attribute; beyond this they fill a sheet up and hold nothing.
_MAX_REPEATED_CELLS = 256
_MAX_REPEATED_ROWS = 1_000
_MAX_SPACES = 100
_MAX_SPAN = 200
_SKIPPED = frozenset(
    [
        "tracked-changes",
        "forms",
        "sequence-decls",
        "variable-decls",
        "user-field-decls",
        "font-face-decls",
        "automatic-styles",
        "ruby-text",
        "binary-data",
        "event-listeners",
        "desc",
    ]
)
_REPEATED_ON_SLIDES = frozenset({"date-time", "header", "footer", "page-number"})
_HANGING = frozenset({"note", "annotation", "frame", "custom-shape", "g", "text-box", "rect"})


def style_outlines(root: etree._Element) -> dict[str, int]:
    """Return style name → heading level for the styles that give one ("Title" is 1)."""
    found: dict[str, int] = {}
    for style in descendants(root, "style"):
        name = attribute(style, "name") or ""
        level = attribute(style, "default-outline-level") or ""
        parent = attribute(style, "parent-style-name") or ""
        if level.isdecimal():
            found[name] = int(level)
        elif "Title" in (name, parent):
            found[name] = 1
    return found


@dataclass(frozen=True, slots=True)
class OdfResources:
    """What a body refers to: style name → heading level, list style name → depths (from 1) that
    are numbered, name → content of embedded objects."""

    outlines: dict[str, int]
    numbered: dict[str, set[int]]
    objects: dict[str, etree._Element]


def numbered_lists(root: etree._Element) -> dict[str, set[int]]:
    """Return list style name → depths (from 1) at which items are numbered."""
    return {
        attribute(style, "name") or "": {
            int(level)
            for item in children(style, "list-level-style-number")
            if (level := attribute(item, "level") or "").isdecimal()
            and attribute(item, "num-format")
        }
        for style in descendants(root, "list-style")
    }


class OdfReader:
    """Gathers blocks in `pages`, which soft page breaks part."""

    def __init__(self, resources: OdfResources, budget: TextBudget) -> None:
        self.pages: list[list[Block]] = [[]]
        self._outlines = resources.outlines
        self._numbered = resources.numbered
        self._objects = dict(resources.objects)
        self._budget = budget
        self._notes = 0

    def walk(self, element: etree._Element, depth: int = 0) -> None:
        """Gather the blocks inside `element`; `depth` counts the lists around it."""
        for item in element:
            name = local_name(item)
            if name in _SKIPPED:
                continue
            if name in ("p", "h"):
                self._paragraph(item, name, depth)
            elif name == "list":
                self._list(item, depth)
            elif name == "table":
                self._table(item)
            elif name == "soft-page-break":
                self.pages.append([])
            elif name == "annotation":
                self._annotation(item)
            elif name == "object":
                self._object(item)
            elif name == "frame" and attribute(item, "class") == "title":
                self._title(item)
            elif attribute(item, "class") not in _REPEATED_ON_SLIDES:
                self.walk(item, depth)

    def sheet(self, table: etree._Element) -> None:
        """Gather the blocks of a spreadsheet's table, then what is drawn on it."""
        for block in sheet_blocks(self._sheet_rows(table)):
            self._add(block)
        for item in descendants(table, "annotation"):
            self._annotation(item)
        for item in children(table, "shapes"):
            self.walk(item)

    def _add(self, block: Block) -> None:
        self._budget.take(len(block.text))
        self.pages[-1].append(block)

    def _title(self, frame: etree._Element) -> None:
        text = one_line(" ".join(_text(item)[0] for item in descendants(frame, "p", "h")))
        if text:
            self._add(Block("heading", text, 1))

    def _paragraph(self, element: etree._Element, name: str, depth: int, marker: str = "-") -> None:
        raw, hanging = _text(element)
        level = self._heading_level(element, name)
        for number, piece in enumerate(raw.split("\f")):
            if number:
                self.pages.append([])
            text = clean_block(piece)
            if not text:
                continue
            if level:
                self._add(Block("heading", one_line(text), level))
            elif depth:
                lead = "" if number else f"{'  ' * (depth - 1)}{marker} "
                self._add(Block("list_item", f"{lead}{text}", depth))
            else:
                self._add(Block("paragraph", text))
        for item in hanging:
            if local_name(item) == "note":
                self._note(item)
            elif local_name(item) == "annotation":
                self._annotation(item)
            else:
                self.walk(item)

    def _heading_level(self, element: etree._Element, name: str) -> int:
        if name == "h":
            level = attribute(element, "outline-level") or "1"
            return int(level) if level.isdecimal() else 1
        return self._outlines.get(attribute(element, "style-name") or "", 0)

    def _object(self, element: etree._Element) -> None:
        """Gather the tables of an embedded chart or sheet, once."""
        name = (attribute(element, "href") or "").removeprefix("./")
        content = self._objects.pop(name, None)
        for table in descendants(content, "table") if content is not None else ():
            self._table(table)

    def _list(self, element: etree._Element, depth: int, style: str = "") -> None:
        """Gather a list; `style` is that of the list around it."""
        style = attribute(element, "style-name") or style
        count = 0
        for item in element:
            if local_name(item) not in ("list-item", "list-header"):
                continue
            count += 1
            is_numbered = depth + 1 in self._numbered.get(style, ())
            self._item(item, depth + 1, f"{count}." if is_numbered else "-", style)

    def _item(self, item: etree._Element, depth: int, marker: str, style: str) -> None:
        for part in item:
            name = local_name(part)
            if name == "list":
                self._list(part, depth, style)
            elif name in ("p", "h"):
                self._paragraph(part, name, depth, marker)
                marker = " " * len(marker)

    def _note(self, note: etree._Element) -> None:
        for body in children(note, "note-body"):
            text = one_line(" ".join(_text(item)[0] for item in descendants(body, "p", "h")))
            if text:
                self._notes += 1
                self._add(Block("paragraph", f"Note {self._notes} : {text}"))

    def _annotation(self, annotation: etree._Element) -> None:
        author = one_line(" ".join(item.text or "" for item in children(annotation, "creator")))
        text = one_line(" ".join(_text(item)[0] for item in descendants(annotation, "p")))
        if text:
            self._add(Block("paragraph", f"[{author}: {text}]" if author else f"[{text}]"))

    def _table(self, table: etree._Element) -> None:
        cells = [cell for row in _rows(table) for cell in children(row, "table-cell")]
        if len(cells) == 1:  # a frame around text
            self.walk(cells[0])
            return
        text = pipe_table(_grid(table))
        if text:
            self._add(Block("table", text))

    def _sheet_rows(self, table: etree._Element) -> Iterator[tuple[int, dict[int, str]]]:
        number = 0
        for row in _rows(table):
            cells = self._sheet_cells(row)
            repeated = _repeated(row, "number-rows-repeated")
            for offset in range(min(repeated, _MAX_REPEATED_ROWS) if cells else 0):
                yield number + offset + 1, cells
            number += repeated

    def _sheet_cells(self, row: etree._Element) -> dict[int, str]:
        cells: dict[int, str] = {}
        column = 0
        for cell in row:
            if local_name(cell) not in ("table-cell", "covered-table-cell"):
                continue
            repeated = _repeated(cell, "number-columns-repeated")
            text = _cell_text(cell)
            if text:
                for offset in range(min(repeated, _MAX_REPEATED_CELLS)):
                    cells[column + offset] = text
                    self._budget.take(len(text))
            column += repeated
        return cells


def _repeated(element: etree._Element, name: str) -> int:
    value = attribute(element, name) or "1"
    return int(value) if value.isdecimal() and len(value) < 9 else 1


def _rows(table: etree._Element) -> Iterator[etree._Element]:
    for item in table:
        name = local_name(item)
        if name == "table-row":
            yield item
        elif name in ("table-rows", "table-header-rows", "table-row-group"):
            yield from _rows(item)


def _cell_text(cell: etree._Element) -> str:
    parts: list[str] = []
    for item in cell:
        if local_name(item) == "annotation":
            continue
        if local_name(item) in ("p", "h"):
            raw, hanging = _text(item)
            parts.append(raw)
            for hung in hanging:
                parts.extend(_text(inner)[0] for inner in descendants(hung, "p", "h"))
        else:
            parts.extend(_text(inner)[0] for inner in descendants(item, "p", "h"))
    return one_line(" ".join(parts))


def _grid(table: etree._Element) -> list[list[str]]:
    """Return the rows of a table; a cell is repeated wherever it spans."""
    grid: list[list[str]] = []
    reach: dict[int, tuple[int, str]] = {}
    for row in _rows(table):
        texts: list[str] = []
        below = {column: (rows - 1, text) for column, (rows, text) in reach.items() if rows > 1}
        for cell in row:
            column = len(texts)
            if local_name(cell) == "covered-table-cell":
                before = texts[-1] if texts else ""
                texts.append(reach[column][1] if column in reach else before)
            elif local_name(cell) == "table-cell":
                texts.append(_cell_text(cell))
                rows = _repeated(cell, "number-rows-spanned")
                for offset in range(min(_repeated(cell, "number-columns-spanned"), _MAX_SPAN)):
                    if rows > 1:
                        below[column + offset] = (rows - 1, texts[-1])
        grid.append(texts)
        reach = below
    return grid


def _text(element: etree._Element) -> tuple[str, list[etree._Element]]:
    """Return the text of a paragraph ("\\f" at page breaks) and what hangs on it: notes, frames."""
    parts: list[str] = [element.text or ""]
    hanging: list[etree._Element] = []
    for item in element:
        name = local_name(item)
        if name in _HANGING:
            hanging.append(item)
        elif name == "s":
            count = attribute(item, "c") or "1"
            parts.append(" " * min(int(count) if count.isdecimal() else 1, _MAX_SPACES))
        elif name == "tab":
            parts.append(" ")
        elif name == "line-break":
            parts.append("\n")
        elif name == "soft-page-break":
            parts.append("\f")
        elif name not in _SKIPPED and name != "deletion":
            inner, inner_hanging = _text(item)
            parts.append(inner)
            hanging.extend(inner_hanging)
        parts.append(item.tail or "")
    return "".join(parts), hanging
