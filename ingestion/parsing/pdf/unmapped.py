"""Letters whose font does not say which characters they are (it has no ToUnicode map).

PDFium gives the numbers of their glyphs instead, which read as nonsense. Most embedded TrueType
fonts hold a map from characters to glyphs (OpenType, table "cmap"), which is turned round here.
"""

import ctypes
import struct
from collections.abc import Iterator, Mapping

import pypdfium2 as pdfium
import pypdfium2.raw as c

UNKNOWN = "\ufffd"
# What PDFium gives for a hyphen at the end of a line, by character and in a text.
_HYPHEN_CODE = 2
_LINE_HYPHEN = "\ufffe"
_SAMPLES = 64
_MAX_FONT_BYTES = 64 << 20
_MAX_CHARACTERS = 200_000
_NAME_BYTES = 256
_PRIVATE_USE = range(0xE000, 0xF900)


class FontMaps:
    """The characters of glyphs, by font; fonts are known by their names and sizes."""

    def __init__(self) -> None:
        self._maps: dict[tuple[bytes, int], Mapping[int, str]] = {}

    def mended_text(self, page: pdfium.PdfTextPage) -> str | None:
        """Return the characters of a page, `UNKNOWN` for those that no font tells; None if PDFium
        knows them all."""
        count = c.FPDFText_CountChars(page.raw)
        samples = range(0, count, max(1, count // _SAMPLES))
        if not any(_is_unmapped(page, index) for index in samples):
            return None
        return "".join(self._character(page, index) for index in range(count))

    def _character(self, page: pdfium.PdfTextPage, index: int) -> str:
        code = c.FPDFText_GetUnicode(page.raw, index)
        if code == _HYPHEN_CODE:
            return _LINE_HYPHEN
        if not _is_unmapped(page, index):
            return chr(code) if code else UNKNOWN
        shown = c.FPDFText_GetTextObject(page.raw, index)
        font = c.FPDFTextObj_GetFont(shown) if shown else None
        return self._map(font).get(code, UNKNOWN) if font else UNKNOWN

    def _map(self, font: c.FPDF_FONT) -> Mapping[int, str]:
        size = ctypes.c_size_t()
        c.FPDFFont_GetFontData(font, None, 0, size)
        name = ctypes.create_string_buffer(_NAME_BYTES)
        c.FPDFFont_GetBaseFontName(font, name, _NAME_BYTES)
        key = (name.value, size.value)
        if key not in self._maps:
            self._maps[key] = glyph_characters(_data(font, size.value))
        return self._maps[key]


def _is_unmapped(page: pdfium.PdfTextPage, index: int) -> bool:
    return bool(c.FPDFText_HasUnicodeMapError(page.raw, index) == 1)


def _data(font: c.FPDF_FONT, size: int) -> bytes:
    if not c.FPDFFont_GetIsEmbedded(font) or not 0 < size <= _MAX_FONT_BYTES:
        return b""
    buffer, written = (ctypes.c_uint8 * size)(), ctypes.c_size_t()
    c.FPDFFont_GetFontData(font, buffer, size, written)
    return bytes(buffer)


def glyph_characters(data: bytes) -> Mapping[int, str]:
    """Return the character of each glyph of a TrueType or OpenType font, as far as it tells."""
    found: dict[int, str] = {}
    try:
        for table in _unicode_tables(data):
            for code, glyph in _mapped(data, table):
                if glyph and glyph not in found and code not in _PRIVATE_USE:
                    found[glyph] = chr(code)
                if len(found) > _MAX_CHARACTERS:
                    return found
    except (struct.error, ValueError, OverflowError):
        pass  # the font is damaged: what could be read of it is right
    return found


def _unicode_tables(data: bytes) -> Iterator[int]:
    """Yield the offsets of the maps from Unicode."""
    (tables,) = struct.unpack_from(">H", data, 4)
    for number in range(tables):
        tag, _, start, _ = struct.unpack_from(">4sLLL", data, 12 + 16 * number)
        if tag != b"cmap":
            continue
        _, count = struct.unpack_from(">HH", data, start)
        for entry in range(count):
            platform, encoding, offset = struct.unpack_from(">HHL", data, start + 4 + 8 * entry)
            if platform == 0 or (platform == 3 and encoding in (1, 10)):
                yield start + offset


def _mapped(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Yield (character, glyph) of a map in one of the two usual formats."""
    (form,) = struct.unpack_from(">H", data, at)
    if form == 12:
        (groups,) = struct.unpack_from(">L", data, at + 12)
        for number in range(groups):
            first, last, glyph = struct.unpack_from(">LLL", data, at + 16 + 12 * number)
            for code in range(first, min(last, 0x10FFFF) + 1):
                yield code, glyph + code - first
    elif form == 4:
        yield from _segments(data, at)


def _segments(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Yield (character, glyph) of a map of segments (format 4)."""
    (double,) = struct.unpack_from(">H", data, at + 6)
    count = double // 2
    shape = f">{count}H"
    ends = struct.unpack_from(shape, data, at + 14)
    starts = struct.unpack_from(shape, data, at + 16 + double)
    deltas = struct.unpack_from(shape, data, at + 16 + 2 * double)
    ranges_at = at + 16 + 3 * double
    ranges = struct.unpack_from(shape, data, ranges_at)
    for number in range(count):
        for code in range(starts[number], ends[number] + 1):
            glyph = code
            if ranges[number]:
                place = ranges_at + 2 * number + ranges[number] + 2 * (code - starts[number])
                (glyph,) = struct.unpack_from(">H", data, place)
                if not glyph:
                    continue
            yield code, (glyph + deltas[number]) & 0xFFFF
