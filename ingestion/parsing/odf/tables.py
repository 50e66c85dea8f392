"""The cells of OpenDocument tables and sheets, with their spans and repetitions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from ingestion.parsing.archive import attribute, local_name
from ingestion.parsing.odf.text import paragraph_text
from ingestion.parsing.ooxml import children, descendants
from ingestion.parsing.text.normalise import one_line
from ingestion.parsing.xlsx.grid import Cells, Merge, TextBudget

# Repetitions are one attribute; beyond this they fill a sheet up and hold nothing.
_MAX_REPEATED_CELLS = 256
_MAX_REPEATED_ROWS = 1_000
_MAX_SPAN = 200
_DURATION = re.compile(r"PT(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})(?:\.\d+)?S)?")


def table_rows(table: etree._Element) -> Iterator[etree._Element]:
    """Yield the rows of a table, those inside groups of rows too."""
    return _lines(table, "row")


def _lines(table: etree._Element, kind: str) -> Iterator[etree._Element]:
    """Yield the rows ("row") or columns ("column") of a table, also those inside groups."""
    groups = (f"table-{kind}s", f"table-header-{kind}s", f"table-{kind}-group")
    for item in table:
        name = local_name(item)
        if name == f"table-{kind}":
            yield item
        elif name in groups:
            yield from _lines(item, kind)


def table_grid(table: etree._Element) -> list[list[str]]:
    """Return the rows of a table; a cell is repeated wherever it spans, except that one across
    the whole width stands once."""
    grid: list[list[str]] = []
    reach: dict[int, tuple[int, str]] = {}
    for row in table_rows(table):
        texts: list[str] = []
        below = {column: (rows - 1, text) for column, (rows, text) in reach.items() if rows > 1}
        is_alone = not reach and sum(1 for _ in children(row, "table-cell")) == 1
        across, beside = 0, ""
        for cell in children(row, "table-cell", "covered-table-cell"):
            repeated = min(_repeated(cell, "number-columns-repeated"), _MAX_REPEATED_CELLS)
            if local_name(cell) == "covered-table-cell":
                for _ in range(repeated):
                    text = beside if across > 0 and not is_alone else ""
                    texts.append(reach[len(texts)][1] if len(texts) in reach else text)
                    across -= 1
                continue
            beside = _cell_text(cell)
            columns = min(_repeated(cell, "number-columns-spanned"), _MAX_SPAN)
            rows = _repeated(cell, "number-rows-spanned")
            if rows > 1:
                below |= {len(texts) + offset: (rows - 1, beside) for offset in range(columns)}
            texts.extend([beside] * repeated)
            across = columns - 1
        repeated = min(_repeated(row, "number-rows-repeated"), _MAX_REPEATED_ROWS)
        grid.extend([texts] * (repeated if any(texts) else 1))
        reach = below
    return grid


@dataclass(slots=True)
class SheetCells:
    """The cells of a sheet: (row number from 1, column from 0 → text) of rows that hold text."""

    rows: list[tuple[int, Cells]] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    are_partly_hidden: bool = False
    are_partly_uncomputed: bool = False


def read_cells(table: etree._Element, budget: TextBudget) -> SheetCells:
    """Return the cells of a sheet, with the ranges that are merged."""
    found = SheetCells()
    number = 1
    for row in table_rows(table):
        cells = _sheet_cells(row, number, found.merges, budget)
        repeated = _repeated(row, "number-rows-repeated")
        for offset in range(min(repeated, _MAX_REPEATED_ROWS) if cells else 0):
            found.rows.append((number + offset, dict(cells)))
        found.are_partly_hidden |= bool(cells) and _is_hidden(row)
        found.are_partly_uncomputed |= any(map(_is_uncomputed, children(row, "table-cell")))
        number += repeated
    hidden = _hidden_columns(table)
    found.are_partly_hidden |= any(
        column in columns for _, cells in found.rows for column in cells for columns in hidden
    )
    return found


def _sheet_cells(
    row: etree._Element, number: int, merges: list[Merge], budget: TextBudget
) -> Cells:
    """Return the cells of a row, and add the ranges that begin in it to `merges`. What a merged
    cell covers is not shown."""
    cells: Cells = {}
    column = 0
    for cell in children(row, "table-cell", "covered-table-cell"):
        repeated = _repeated(cell, "number-columns-repeated")
        text = _cell_text(cell) if local_name(cell) == "table-cell" else ""
        if text:
            rows = _repeated(cell, "number-rows-spanned")
            columns = _repeated(cell, "number-columns-spanned")
            if rows > 1 or columns > 1:
                merges.append((number, number + rows - 1, column, column + columns - 1))
            for offset in range(min(repeated, _MAX_REPEATED_CELLS)):
                cells[column + offset] = text
                budget.take(len(text))
        column += repeated
    return cells


def _hidden_columns(table: etree._Element) -> list[range]:
    hidden: list[range] = []
    column = 0
    for item in _lines(table, "column"):
        repeated = _repeated(item, "number-columns-repeated")
        if _is_hidden(item):
            hidden.append(range(column, column + repeated))
        column += repeated
    return hidden


def _is_hidden(element: etree._Element) -> bool:
    return attribute(element, "visibility") in ("collapse", "filter")


def _is_uncomputed(cell: etree._Element) -> bool:
    """Tell whether a cell has a formula whose result was not saved."""
    has_formula = attribute(cell, "formula") is not None
    return has_formula and attribute(cell, "value-type") is None and not _cell_text(cell)


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
    return one_line(" ".join(parts)) or _stored_value(cell)


def _stored_value(cell: etree._Element) -> str:
    """Return the value of a cell whose text was not saved, as some programs leave it."""
    kind = attribute(cell, "value-type") or ""
    if kind in ("float", "currency", "percentage"):
        number = _number(attribute(cell, "value") or "", is_percentage=kind == "percentage")
        return f"{number} {attribute(cell, 'currency') or ''}".strip()
    value = attribute(cell, f"{kind}-value") or ""
    if kind == "time" and (match := _DURATION.fullmatch(value)):
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return f"{hours}:{minutes:02d}:{seconds:02d}".removesuffix(":00")
    if kind == "date":
        return value.replace("T", " ")
    return value.upper() if kind == "boolean" else one_line(value)


def _number(value: str, *, is_percentage: bool) -> str:
    try:
        number = float(value)
    except ValueError:
        return ""
    return f"{number * 100:.10g}%" if is_percentage else f"{number:.15g}"


def _repeated(element: etree._Element, name: str) -> int:
    value = attribute(element, name) or "1"
    return int(value) if value.isdecimal() and len(value) < 9 else 1
