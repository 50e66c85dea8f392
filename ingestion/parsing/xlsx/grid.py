"""From the cells of a sheet to tables: blank rows part them, lone cells are text."""

from collections.abc import Iterable, Iterator

from ingestion.errors import TooMuchText
from ingestion.parsing.document import Block
from ingestion.parsing.text.tables import pipe_table


class TextBudget:
    """Counts characters down and raises TooMuchText below zero, before memory fills."""

    def __init__(self, chars: int) -> None:
        self._left = chars

    def take(self, chars: int) -> None:
        """Count `chars` characters."""
        self._left -= chars
        if self._left < 0:
            raise TooMuchText("the sheets hold more text than is allowed")


Cells = dict[int, str]
# (first row, last row, first column, last column), rows from 1 and columns from 0, ends included.
Merge = tuple[int, int, int, int]
_MAX_MERGED_CELLS = 5_000
_MAX_TITLES = 3


def with_merges(rows: list[tuple[int, Cells]], merges: Iterable[Merge]) -> None:
    """Repeat, in place, the value of each merged range in the rows that it spans, so that a row is
    understood alone; a range across columns only repeats beside other cells (else it is a title).
    """
    by_number = dict(rows)
    bottom = max(by_number, default=0)
    left = _MAX_MERGED_CELLS
    for first, last_row, left_column, right_column in merges:
        last = min(last_row, bottom)
        value = by_number.get(first, {}).get(left_column)
        left -= (last - first + 1) * (right_column - left_column + 1)
        if value is None or left < 0:
            continue
        for number in range(first, last + 1):
            cells = by_number.get(number)
            others = cells is not None and any(
                not left_column <= column <= right_column for column in cells
            )
            if cells is None or not others:
                continue
            for column in range(left_column, right_column + 1):
                cells.setdefault(column, value)


def sheet_blocks(rows: Iterable[tuple[int, Cells]]) -> Iterator[Block]:
    """Yield the blocks of a sheet given as (row number, column → text), in ascending order.

    Rows that follow one another make a table; an empty column parts two tables that do not cover
    the same rows. Lines of a single cell above a table are its titles; a lone column is text.
    """
    region: list[Cells] = []
    last = 0
    for number, cells in rows:
        if region and number != last + 1:
            yield from _region_blocks(region)
            region = []
        region.append(cells)
        last = number
    yield from _region_blocks(region)


def _region_blocks(region: list[Cells]) -> Iterator[Block]:
    for part in _side_by_side(region):
        start = 0
        while start < len(part) and len(part[start]) == 1:
            start += 1
        if start == len(part) or start > _MAX_TITLES:
            start = 0
        for cells in part[:start]:
            yield Block("paragraph", next(iter(cells.values())))
        yield from _table_blocks(part[start:])


def _side_by_side(region: list[Cells]) -> Iterator[list[Cells]]:
    """Yield the tables of a region that an empty column parts and that cover different rows."""
    columns = sorted({column for cells in region for column in cells})
    groups: list[list[int]] = []
    for column in columns:
        if groups and column == groups[-1][-1] + 1:
            groups[-1].append(column)
        else:
            groups.append([column])
    parts: list[tuple[list[int], range]] = []
    for group in groups:
        used = [i for i, cells in enumerate(region) if any(column in cells for column in group)]
        parts.append((group, range(used[0], used[-1] + 1)))
    if len({rows for _, rows in parts}) < 2 or any(len(group) < 2 for group, _ in parts):
        yield region
        return
    for group, rows in parts:
        chosen = ({c: region[i][c] for c in group if c in region[i]} for i in rows)
        yield [cells for cells in chosen if cells]


def _table_blocks(body: list[Cells]) -> Iterator[Block]:
    columns = sorted({column for cells in body for column in cells})
    if len(columns) == 1:
        for cells in body:
            yield Block("paragraph", cells[columns[0]])
    elif columns:
        yield Block("table", pipe_table([[cells.get(c, "") for c in columns] for cells in body]))
