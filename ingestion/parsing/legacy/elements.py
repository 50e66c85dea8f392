"""The elements that office-oxide finds in an Office file, as blocks.

They are nested mappings and lists (`DocumentIR` of office-oxide); what is not known is left out.
"""

from collections.abc import Iterator
from typing import Any

from ingestion.parsing.document import Block
from ingestion.parsing.text.normalise import clean_block, one_line
from ingestion.parsing.text.tables import pipe_table

_MAX_HEADING_LEVEL = 6
_MAX_SPAN = 200
# Elements that hold elements.
_CONTAINERS = frozenset({"text_box", "footnote", "endnote", "comment", "group"})


def blocks_of(elements: object, level: int = 0) -> Iterator[Block]:
    """Yield the blocks of a list of elements, which are in lists of this depth."""
    for element in _mappings(elements):
        kind = element.get("type")
        if kind == "heading":
            depth = element.get("level")
            own = min(max(depth, 1), _MAX_HEADING_LEVEL) if isinstance(depth, int) else 1
            yield from _block("heading", one_line(_words(element)), own)
        elif kind == "paragraph":
            yield from _block("paragraph", clean_block(_words(element)))
        elif kind == "list":
            yield from _list(element, level + 1)
        elif kind == "table":
            yield from _block("table", pipe_table(_rows(element)))
        elif kind == "code_block":
            yield from _block("code", clean_block(_text(element.get("content"))))
        elif kind == "image":
            yield from _block("caption", one_line(_text(element.get("alt_text"))))
        elif kind in _CONTAINERS:
            yield from blocks_of(element.get("content"), level)


def _block(kind: Any, text: str, level: int = 0) -> Iterator[Block]:
    if text:
        yield Block(kind, text, level)


def _list(element: dict[str, Any], level: int) -> Iterator[Block]:
    first = element.get("start_number")
    start = first if isinstance(first, int) else 1
    for number, item in enumerate(_mappings(element.get("items")), start=start):
        marker = f"{number}. " if element.get("ordered") else "- "
        indent = "  " * (level - 1)
        for block in blocks_of(item.get("content"), level):
            if block.kind == "paragraph" and marker:
                yield Block("list_item", f"{indent}{marker}{block.text}", level)
                marker = ""
            else:
                yield block
        if isinstance(nested := item.get("nested"), dict):
            yield from _list(nested, level + 1)


def _rows(table: dict[str, Any]) -> list[list[str]]:
    """Return the rows of a table; a cell that spans rows is repeated, so that a row is understood
    alone."""
    grid: list[list[str]] = []
    waiting: dict[int, tuple[int, str]] = {}
    for row in _mappings(table.get("rows")):
        cells: list[str] = []
        for cell in _mappings(row.get("cells")):
            while len(cells) in waiting:
                cells.append(_from_above(waiting, len(cells)))
            text = " ".join(block.text for block in blocks_of(cell.get("content")))
            if (rows := _span(cell, "row_span")) > 1:
                waiting[len(cells)] = (rows - 1, text)
            cells += [text, *[""] * (_span(cell, "col_span") - 1)]
        while len(cells) in waiting:
            cells.append(_from_above(waiting, len(cells)))
        grid.append(cells)
    return grid


def _from_above(waiting: dict[int, tuple[int, str]], column: int) -> str:
    rows, text = waiting.pop(column)
    if rows > 1:
        waiting[column] = (rows - 1, text)
    return text


def _span(cell: dict[str, Any], name: str) -> int:
    span = cell.get(name)
    return min(max(span, 1), _MAX_SPAN) if isinstance(span, int) else 1


def _words(element: dict[str, Any]) -> str:
    """Return the text of a heading or paragraph, a newline for each break of a line."""
    return "".join(
        "\n" if part.get("type") == "line_break" else _text(part.get("text"))
        for part in _mappings(element.get("content"))
    )


def _mappings(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
