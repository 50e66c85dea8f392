"""What the author of an Excel file of before 2007 has hidden in it, which is read as the rest is.

[MS-XLS] 2.4.28 (BoundSheet8), 2.4.53 (ColInfo), 2.4.221 (Row).
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO

import olefile

from ingestion.parse_warnings import ParseWarning, WarningCode

_BOUND_SHEET, _COLUMNS, _ROW, _END = 0x0085, 0x007D, 0x0208, 0x000A
_SHEET_STATES, _HIDDEN_COLUMNS, _HIDDEN_ROW = 0b11, 0x0001, 0x0020
_WIDE = 0x01


def hidden_parts(file: BinaryIO) -> tuple[ParseWarning, ...]:
    """Return the warnings about hidden sheets, and about sheets with hidden rows or columns."""
    with olefile.OleFileIO(file) as ole:
        name = next((one for one in ("Workbook", "Book") if ole.exists(one)), None)
        book = bytes(ole.openstream(name).read()) if name else b""
    sheets = list(_sheets(book))
    found = {
        WarningCode.HIDDEN_SHEETS: [name for name, is_hidden, _start in sheets if is_hidden],
        WarningCode.HIDDEN_CELLS: [name for name, _, start in sheets if _hides_cells(book, start)],
    }
    return tuple(ParseWarning(code, tuple(names)) for code, names in found.items() if names)


def _sheets(book: bytes) -> Iterator[tuple[str, bool, int]]:
    """Yield the name of each sheet, whether it is hidden, and where its records begin."""
    for kind, data in _records(book, 0):
        if kind == _BOUND_SHEET and len(data) >= 8:
            start, state, _type, length, options = struct.unpack_from("<LBBBB", data)
            encoding, width = ("utf-16-le", 2) if options & _WIDE else ("latin-1", 1)
            name = data[8 : 8 + length * width].decode(encoding, "replace")
            yield name, bool(state & _SHEET_STATES), start


def _hides_cells(book: bytes, start: int) -> bool:
    """Whether a sheet hides rows, or columns among those that have cells."""
    width, first_hidden = 0, None
    for kind, data in _records(book, start) if start else ():
        if kind == _ROW and len(data) >= 14:
            width = max(width, struct.unpack_from("<H", data, 4)[0])
            if struct.unpack_from("<H", data, 12)[0] & _HIDDEN_ROW:
                return True
        elif kind == _COLUMNS and len(data) >= 10:
            first, _last, _width, _format, options = struct.unpack_from("<HHHHH", data)
            if options & _HIDDEN_COLUMNS and (first_hidden is None or first < first_hidden):
                first_hidden = first
    return first_hidden is not None and first_hidden < width


def _records(book: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Yield the records from an offset on, to the end of their part of the file."""
    while at + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, at)
        if kind == _END:
            return
        yield kind, book[at + 4 : at + 4 + length]
        at += 4 + length
