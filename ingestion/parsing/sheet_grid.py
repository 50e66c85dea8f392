"""From the cells of a sheet to tables: blank rows part them, lone cells are text."""

from collections.abc import Iterable, Iterator

from ingestion.errors import TooMuchText
from ingestion.parsing.document import Block
from ingestion.parsing.tables import pipe_table


class TextBudget:
    """Counts characters down and raises TooMuchText below zero, before memory fills."""

    def __init__(self, chars: int) -> None:
        self._left = chars

    def take(self, chars: int) -> None:
        """Count `chars` characters."""
        self._left -= chars
        if self._left < 0:
            raise TooMuchText("the sheets hold more text than is allowed")


def sheet_blocks(rows: Iterable[tuple[int, dict[int, str]]]) -> Iterator[Block]:
    """Yield the blocks of a sheet given as (row number, column → text), in ascending order.

    Rows that follow one another make a table. One row that a gap sets apart is a line of text, as
    is a block of a single column.
    """
    region: list[dict[int, str]] = []
    last = 0
    for number, cells in rows:
        if region and number != last + 1:
            yield from _region_blocks(region)
            region = []
        region.append(cells)
        last = number
    yield from _region_blocks(region)


def _region_blocks(region: list[dict[int, str]]) -> Iterator[Block]:
    """Yield the titles that stand alone above a table, then the table."""
    start = 0
    while start < len(region) and len(region[start]) == 1:
        start += 1
    if start == len(region) or start > 3:
        start = 0
    for cells in region[:start]:
        yield Block("paragraph", next(iter(cells.values())))
    body = region[start:]
    if not body:
        return
    columns = sorted({column for cells in body for column in cells})
    if len(columns) == 1:
        for cells in body:
            yield Block("paragraph", cells[columns[0]])
    else:
        yield Block("table", pipe_table([[cells.get(c, "") for c in columns] for cells in body]))
