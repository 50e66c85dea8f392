"""Names and values, from JSON or XML, as text: lines, lists, and tables of similar records."""

from collections.abc import Iterable, Mapping, Sequence

from ingestion.parsing.document import Block
from ingestion.parsing.text.normalise import clean_block, one_line
from ingestion.parsing.text.tables import pipe_table

# Fewer records, or more columns, are easier to read one below the other.
_MIN_RECORDS = 2
_MAX_COLUMNS = 20
# A cell with more is a text of its own.
_MAX_CELL_CHARS = 300
MAX_HEADING_LEVEL = 6


def heading(text: str, level: int) -> Block:
    """Return a heading; what is nested deeper than there are levels keeps the last."""
    return Block("heading", one_line(text), min(level, MAX_HEADING_LEVEL))


def lines(pairs: Iterable[tuple[str, str]]) -> Iterable[Block]:
    """Return names with their values, one a line; a long value is a paragraph of its own."""
    short: list[str] = []
    for name, value in pairs:
        shown = clean_block(value)
        if not shown:
            continue
        if "\n" in shown or len(shown) > _MAX_CELL_CHARS:
            if short:
                yield Block("paragraph", "\n".join(short))
                short = []
            yield Block("paragraph", f"{one_line(name)}: {shown}" if name else shown)
        else:
            short.append(f"{one_line(name)}: {shown}" if name else shown)
    if short:
        yield Block("paragraph", "\n".join(short))


def items(values: Iterable[str]) -> Iterable[Block]:
    """Return values without names as a list."""
    for value in values:
        if shown := one_line(value):
            yield Block("list_item", f"- {shown}", 1)


def table(records: Sequence[Mapping[str, str]]) -> Block | None:
    """Return records as a table, None if they do not suit one."""
    columns = list(dict.fromkeys(name for record in records for name in record))
    if len(records) < _MIN_RECORDS or not 2 <= len(columns) <= _MAX_COLUMNS:
        return None
    if any(len(value) > _MAX_CELL_CHARS for record in records for value in record.values()):
        return None
    filled = sum(len(record) for record in records)
    if 2 * filled < len(records) * len(columns):
        return None
    rows = [columns, *([record.get(name, "") for name in columns] for record in records)]
    text = pipe_table([[one_line(cell) for cell in row] for row in rows])
    return Block("table", text) if text else None
