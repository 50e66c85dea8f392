"""The cells of OpenDocument tables and sheets, with their spans and repetitions."""

from collections.abc import Iterator

from lxml import etree

from ingestion.parsing.archive import attribute, local_name
from ingestion.parsing.odf.text import paragraph_text
from ingestion.parsing.ooxml import descendants
from ingestion.parsing.text.normalise import one_line
from ingestion.parsing.xlsx.grid import TextBudget

# Repetitions are one attribute; beyond this they fill a sheet up and hold nothing.
_MAX_REPEATED_CELLS = 256
_MAX_REPEATED_ROWS = 1_000
_MAX_SPAN = 200


def table_rows(table: etree._Element) -> Iterator[etree._Element]:
    """Yield the rows of a table, those inside groups of rows too."""
    for item in table:
        name = local_name(item)
        if name == "table-row":
            yield item
        elif name in ("table-rows", "table-header-rows", "table-row-group"):
            yield from table_rows(item)


def table_grid(table: etree._Element) -> list[list[str]]:
    """Return the rows of a table; a cell is repeated wherever it spans."""
    grid: list[list[str]] = []
    reach: dict[int, tuple[int, str]] = {}
    for row in table_rows(table):
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


def sheet_rows(table: etree._Element, budget: TextBudget) -> Iterator[tuple[int, dict[int, str]]]:
    """Yield (row number from 1, column from 0 → text) for the rows that hold text."""
    number = 0
    for row in table_rows(table):
        cells = _sheet_cells(row, budget)
        repeated = _repeated(row, "number-rows-repeated")
        for offset in range(min(repeated, _MAX_REPEATED_ROWS) if cells else 0):
            yield number + offset + 1, cells
        number += repeated


def _sheet_cells(row: etree._Element, budget: TextBudget) -> dict[int, str]:
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
                budget.take(len(text))
        column += repeated
    return cells


def _cell_text(cell: etree._Element) -> str:
    parts: list[str] = []
    for item in cell:
        if local_name(item) == "annotation":
            continue
        if local_name(item) in ("p", "h"):
            raw, hanging = paragraph_text(item)
            parts.append(raw)
            for hung in hanging:
                parts.extend(paragraph_text(inner)[0] for inner in descendants(hung, "p", "h"))
        else:
            parts.extend(paragraph_text(inner)[0] for inner in descendants(item, "p", "h"))
    return one_line(" ".join(parts))


def _repeated(element: etree._Element, name: str) -> int:
    value = attribute(element, name) or "1"
    return int(value) if value.isdecimal() and len(value) < 9 else 1
