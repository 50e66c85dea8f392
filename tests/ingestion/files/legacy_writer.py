"""Writes small Word, Excel and PowerPoint files of before 2007 for the tests."""

import struct
from pathlib import Path

from tests.ingestion.files.ole2_writer import write_ole2

_FIB_BYTES = 1472
_ENCRYPTED = 0x0100


def write_doc(path: Path, text: str, *, version: int = 0xC1, encrypted: bool = False) -> Path:
    """Write a .doc whose text is one piece; paragraphs end with a line break ([MS-DOC])."""
    body = text.replace("\n", "\r").encode("utf-16-le")
    start = 2048
    pieces = struct.pack("<LL", 0, len(body) // 2) + struct.pack("<HLH", 0, start, 0)
    clx = b"\x02" + struct.pack("<L", len(pieces)) + pieces
    fib = bytearray(_FIB_BYTES)
    struct.pack_into("<HH", fib, 0, 0xA5EC, version)
    struct.pack_into("<H", fib, 10, 0x0200 | (_ENCRYPTED if encrypted else 0))
    struct.pack_into("<H", fib, 32, 14)
    struct.pack_into("<H", fib, 62, 22)
    struct.pack_into("<L", fib, 76, len(body) // 2)
    struct.pack_into("<H", fib, 152, 93)
    struct.pack_into("<LL", fib, 0x01A2, 0, len(clx))
    document = bytes(fib).ljust(start, b"\0") + body
    return write_ole2(path, {"WordDocument": document.ljust(4096, b"\0"), "1Table": clx})


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def write_xls(
    path: Path,
    sheets: dict[str, list[list[str]]],
    *,
    encrypted: bool = False,
    states: dict[str, int] | None = None,
    hidden_row: str = "",
    hidden_column: str = "",
) -> Path:
    """Write an .xls with texts in its cells ([MS-XLS]).

    ``states`` has those of sheets that are not visible (0); the sheets ``hidden_row`` and
    ``hidden_column`` hide their first row or column.
    """
    strings = [cell for rows in sheets.values() for row in rows for cell in row]
    table = struct.pack("<LL", len(strings), len(strings)) + b"".join(
        struct.pack("<HB", len(text), 1) + text.encode("utf-16-le") for text in strings
    )
    beginning = _record(0x0809, struct.pack("<HHHHLL", 0x0600, 5, 0, 0, 0, 0))
    head = beginning + (_record(0x002F, b"\1\0" + bytes(52)) if encrypted else b"")
    rest = _record(0x00FC, table) + _record(0x000A, b"")
    start = len(head) + sum(12 + 2 * len(name) for name in sheets) + len(rest)
    parts = b""
    number = 0
    for name, rows in sheets.items():
        state = (states or {}).get(name, 0)
        place = struct.pack("<LBBBB", start + len(parts), state, 0, len(name), 1)
        head += _record(0x0085, place + name.encode("utf-16-le"))
        parts += _record(0x0809, struct.pack("<HHHHLL", 0x0600, 0x10, 0, 0, 0, 0))
        parts += _record(0x007D, struct.pack("<HHHHHH", 0, 0, 9, 15, name == hidden_column, 0))
        for row, cells in enumerate(rows):
            options = 0x20 if name == hidden_row and row == 0 else 0
            parts += _record(
                0x0208, struct.pack("<HHHHHHHH", row, 0, len(cells), 255, 0, 0, options, 15)
            )
            for column in range(len(cells)):
                parts += _record(0x00FD, struct.pack("<HHHL", row, column, 15, number))
                number += 1
        parts += _record(0x000A, b"")
    book = head + rest + parts
    return write_ole2(path, {"Workbook": book.ljust(4096, b"\0")})


def _atom(kind: int, data: bytes, version: int = 0, instance: int = 0) -> bytes:
    return struct.pack("<HHL", version | instance << 4, kind, len(data)) + data


def write_ppt(path: Path, slides: list[tuple[str, str]], *, encrypted: bool = False) -> Path:
    """Write a .ppt of slides with a title and a text ([MS-PPT])."""
    texts = b""
    for number, (title, body) in enumerate(slides):
        texts += _atom(0x03F3, struct.pack("<LLLLL", number + 2, 0, 2, 256 + number, 0))
        for kind, text in ((0, title), (1, body)):
            texts += _atom(0x0F9F, struct.pack("<L", kind))
            texts += _atom(0x0FA0, text.encode("utf-16-le"))
    container = _atom(0x0FF0, texts, version=0xF)
    stream = _atom(0x03E8, _atom(0x03E9, bytes(40), version=1) + container, version=0xF)
    places = [0]
    for _ in slides:
        places.append(len(stream))
        stream += _atom(0x03EE, _atom(0x03EF, bytes(24), version=2), version=0xF)
    directory = len(stream)
    count = struct.pack("<L", 1 | len(places) << 20)
    stream += _atom(0x1772, count + struct.pack(f"<{len(places)}L", *places))
    edit = len(stream)
    stream += _atom(0x0FF5, struct.pack("<LLLLLLHH", 0, 0x03000000, 0, directory, 1, 9, 0, 0))
    token = 0xF3D1C4DF if encrypted else 0xE391C05F
    user = _atom(0x0FF6, struct.pack("<LLLHHBBH", 20, token, edit, 0, 0x03F4, 3, 0, 0))
    return write_ole2(
        path, {"PowerPoint Document": stream.ljust(4096, b"\0"), "Current User": user}
    )
