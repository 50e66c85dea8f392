"""CSV for spreadsheets, in which no cell of ours is a formula.

A spreadsheet splits a line by its own separator, whatever ours is: French Excel by semicolons. It
then ignores quotes that do not begin its cell, so that quoting alone protects nothing: a formula is
made harmless wherever a spreadsheet may see the beginning of a cell.
"""

import csv
import io
import re
from collections.abc import Iterable
from typing import Any, Final

# What begins a formula (OWASP, CSV injection), also in its wide forms, at the beginning of a cell
# or behind a separator inside it; quotes and spaces between the two are no protection.
_FORMULA: Final = re.compile(r"""((?:^|[;,|\t\r\n])(?:[^\S\t\r\n]|["'])*)([=+\-@＝＋－＠])""")
# A cell that begins so is a formula to some, whatever follows.
_LEADING: Final = ("\t", "\r", "\n")


def csv_lines(rows: Iterable[Iterable[Any]]) -> str:
    """Rows as CSV (RFC 4180), each cell quoted; what would be computed has an apostrophe before."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def _harmless(cell: Any) -> str:
    text = _FORMULA.sub(r"\1'\2", "" if cell is None else str(cell))
    return f"'{text}" if text.startswith(_LEADING) else text
