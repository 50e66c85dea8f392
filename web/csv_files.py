"""CSV for spreadsheets, in which no cell is a formula.

A spreadsheet splits a line by its own separator, whatever the file uses: French Excel by
semicolons. It then ignores quotes inside a cell, so quoting alone does not protect: a formula is
disarmed wherever a spreadsheet may see the beginning of a cell.
"""

import csv
import io
import re
from collections.abc import Iterable
from typing import Any, Final

CSV_MEDIA_TYPE: Final = "text/csv; charset=utf-8"
# The byte order mark by which spreadsheets recognise UTF-8.
_MARK: Final = "\ufeff"
# What begins a formula (OWASP, CSV injection), also in its wide forms, at the beginning of a cell
# or behind a separator inside it; quotes and spaces between the two are no protection.
_FORMULA: Final = re.compile(r"""((?:^|[;,|\t\r\n])(?:[^\S\t\r\n]|["'])*)([=+\-@＝＋－＠])""")
# Some programs take a cell that begins so for a formula, whatever follows.
_LEADING: Final = ("\t", "\r", "\n")


def csv_header(columns: Iterable[Any]) -> str:
    """Return the beginning of a file: a byte order mark, and the names of the columns."""
    return _MARK + csv_lines([columns])


def csv_lines(rows: Iterable[Iterable[Any]]) -> str:
    """Return rows as CSV (RFC 4180), each cell quoted, formulas preceded by an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def _harmless(cell: Any) -> str:
    text = _FORMULA.sub(r"\1'\2", "" if cell is None else str(cell))
    return f"'{text}" if text.startswith(_LEADING) else text
