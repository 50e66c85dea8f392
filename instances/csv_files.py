"""CSV for spreadsheets, in which no cell of ours is a formula."""

import csv
import io
from collections.abc import Iterable
from typing import Any, Final

# A cell that begins so is a formula to a spreadsheet (OWASP, CSV injection).
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_lines(rows: Iterable[Iterable[Any]]) -> str:
    """Rows as CSV (RFC 4180); what a spreadsheet would compute has an apostrophe before it."""
    text = io.StringIO()
    csv.writer(text).writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def _harmless(cell: Any) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text
