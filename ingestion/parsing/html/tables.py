"""The grid of an HTML table: spans filled in, cells on one line."""

from collections.abc import Iterator

from lxml import etree

from ingestion.parsing.html.hidden import HiddenElements
from ingestion.parsing.text.data_uris import without_data_uris
from ingestion.parsing.text.normalise import one_line

_MAX_SPAN = 200
_INLINE = frozenset(
    ["a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "del", "em", "font", "i", "ins", "kbd",
     "mark", "q", "s", "small", "span", "strong", "sub", "sup", "u", "var"]
)  # fmt: skip
_NEVER_SHOWN = frozenset({"script", "style", "noscript"})


def table_rows(table: etree._Element, hidden: HiddenElements) -> list[list[str]]:
    """Return the rows of `table`. A cell that spans rows or columns is repeated in each, so that a
    row is understood alone; one that spans the whole width stands once."""
    grid: list[list[str]] = []
    waiting: dict[int, tuple[int, str]] = {}
    for row in _rows(table, hidden):
        cells: list[str] = []
        own = [cell for cell in row if cell.tag in ("td", "th") and not hidden.holds(cell)]
        for cell in own:
            _fill(cells, waiting)
            text = _cell_text(cell, hidden)
            columns, rows = _span(cell, "colspan"), _span(cell, "rowspan")
            repeated = 1 if len(own) == 1 else columns
            for number in range(columns):
                value = text if number < repeated else ""
                if rows > 1:
                    waiting[len(cells)] = (rows - 1, value)
                cells.append(value)
        _fill(cells, waiting)
        grid.append(cells)
    return grid


def _cell_text(cell: etree._Element, hidden: HiddenElements) -> str:
    return one_line(without_data_uris(" ".join(_texts(cell, hidden))))


def _fill(cells: list[str], waiting: dict[int, tuple[int, str]]) -> None:
    """Put in the cells of earlier rows that reach down to this one."""
    while (column := len(cells)) in waiting:
        rows, text = waiting.pop(column)
        if rows > 1:
            waiting[column] = (rows - 1, text)
        cells.append(text)


def _rows(table: etree._Element, hidden: HiddenElements) -> Iterator[etree._Element]:
    for child in table:
        if child.tag in ("tr", "thead", "tbody", "tfoot") and not hidden.holds(child):
            if child.tag == "tr":
                yield child
            else:
                yield from (row for row in child if row.tag == "tr" and not hidden.holds(row))


def _span(cell: etree._Element, name: str) -> int:
    value = (cell.get(name) or "1").strip()
    if value == "0" and name == "rowspan":  # down to the last row
        return _MAX_SPAN
    return min(max(int(value), 1), _MAX_SPAN) if value.isdecimal() and len(value) < 7 else 1


def _texts(element: etree._Element, hidden: HiddenElements) -> Iterator[str]:
    """Yield the text of `element`; blocks inside it are parted by spaces."""
    if element.tag in _NEVER_SHOWN or hidden.holds(element):
        return
    parts = [element.text or (element.get("alt") or "" if element.tag == "img" else "")]
    for child in element:
        inner = " ".join(_texts(child, hidden))
        parts.append(inner if child.tag in _INLINE else f" {inner} ")
        parts.append(child.tail or "")
    yield "".join(parts)
