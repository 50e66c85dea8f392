"""PDF: fonts that do not say which characters their glyphs are."""

import struct
from pathlib import Path

import pytest

from ingestion.errors import CorruptDocument
from ingestion.parse_warnings import ParseWarning, WarningCode
from tests.ingestion.pdf_writer import stream, write_objects
from tests.ingestion.reading import read, text_of

TEXT = "Décision du conseil"
LETTERS = sorted(set(TEXT))


def cmap_of_groups() -> bytes:
    """Return a map in format 12; the glyphs of `LETTERS` are numbered from 3."""
    groups = [
        struct.pack(">LLL", ord(letter), ord(letter), 3 + n) for n, letter in enumerate(LETTERS)
    ]
    head = struct.pack(">HHLLL", 12, 0, 16 + 12 * len(groups), 0, len(groups))
    return head + b"".join(groups)


def cmap_of_segments() -> bytes:
    """Return a map in format 4: the second segment has a list of glyphs, the others a distance."""
    codes = [ord(letter) for letter in LETTERS] + [0xFFFF]
    count, glyphs = len(codes), [3 + n for n in range(len(LETTERS))] + [0]
    deltas = [(glyph - code) % 0x10000 for code, glyph in zip(codes, glyphs, strict=True)]
    ranges = [0] * count
    deltas[1], ranges[1] = 0, 2 * (count - 1)
    parts = [codes, [0], codes, deltas, ranges, [glyphs[1]]]
    body = b"".join(struct.pack(f">{len(part)}H", *part) for part in parts)
    return struct.pack(">7H", 4, 14 + len(body), 0, 2 * count, 0, 0, 0) + body


def font(cmap: bytes) -> bytes:
    """Return a TrueType font whose glyphs are empty."""
    glyphs = len(LETTERS) + 3
    tables = {
        b"cmap": struct.pack(">HHHHL", 0, 1, 3, 10, 12) + cmap,
        b"glyf": bytes(4),
        b"head": struct.pack(
            ">LLLLHH16x4hHHhhh", 1 << 16, 0, 0, 0x5F0F3CF5, 0, 1000, 0, 0, 900, 900, 0, 8, 2, 0, 0
        ),
        b"hhea": struct.pack(">L3hH22xH", 1 << 16, 800, -200, 0, 600, 1),
        b"hmtx": struct.pack(">Hh", 600, 0) + bytes(2 * (glyphs - 1)),
        b"loca": bytes(2 * (glyphs + 1)),
        b"maxp": struct.pack(">LH26x", 1 << 16, glyphs),
    }
    start, entries, content = 12 + 16 * len(tables), b"", b""
    for tag, data in tables.items():
        entries += struct.pack(">4sLLL", tag, 0, start + len(content), len(data))
        content += data
    return struct.pack(">LHHHH", 0x10000, len(tables), 0, 0, 0) + entries + content


def write(path: Path, embedded: bytes, more: bytes = b"") -> Path:
    """Write `TEXT` by the numbers of its glyphs, without a map to Unicode."""
    codes = b"".join(struct.pack(">H", 3 + LETTERS.index(letter)) for letter in TEXT)
    return write_objects(
        path,
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<<"
            b"/F1 5 0 R/F2<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>",
            stream(b"BT /F1 12 Tf 60 700 Td <%s> Tj ET " % codes.hex().encode() + more),
            b"<</Type/Font/Subtype/Type0/BaseFont/AAAAAA+A/Encoding/Identity-H/DescendantFonts"
            b"[6 0 R]>>",
            b"<</Type/Font/Subtype/CIDFontType2/BaseFont/AAAAAA+A/DW 600/CIDToGIDMap/Identity"
            b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
            b"/FontDescriptor 7 0 R>>",
            b"<</Type/FontDescriptor/FontName/AAAAAA+A/Flags 4/FontBBox[0 0 1000 1000]/Ascent 800"
            b"/Descent -200/ItalicAngle 0/CapHeight 700/StemV 80/FontFile2 8 0 R>>",
            stream(embedded, b"/Length1 %d" % len(embedded)),
        ],
    )


@pytest.mark.parametrize("cmap", [cmap_of_groups(), cmap_of_segments()], ids=["12", "4"])
def test_characters_are_told_by_the_embedded_font(tmp_path: Path, cmap: bytes) -> None:
    document = read(write(tmp_path / "a.pdf", font(cmap)))
    assert text_of(document) == TEXT
    assert document.warnings == ()


def test_glyphs_of_unknown_characters_are_left_out_and_said(tmp_path: Path) -> None:
    damaged = font(cmap_of_segments())[:40]
    with pytest.raises(CorruptDocument):
        read(write(tmp_path / "a.pdf", damaged))
    more = b"BT /F2 12 Tf 60 600 Td (Une ligne lisible) Tj ET "
    document = read(write(tmp_path / "a.pdf", damaged, more))
    assert text_of(document) == "Une ligne lisible"
    assert document.warnings == (ParseWarning(WarningCode.UNREADABLE_LETTERS, ("1",)),)
