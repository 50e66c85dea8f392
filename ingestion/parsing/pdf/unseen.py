"""Text that is on a page although no reader sees it: invisible, white on white, tiny or covered.

What may be such text is told by its colour, its rendering mode (ISO 32000-1, 9.3.6) and what is
drawn over it. The page is then drawn: where nothing shows at the place of the text, nobody sees it.
An image there is a scan, whose recognised text programs write invisibly or beneath it.
"""

import ctypes
import math
from collections.abc import Iterator
from typing import NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as c

from ingestion.parsing.text.visibility import (
    BLACK,
    MAX_TINY_POINTS,
    WHITE,
    Colour,
    look_alike,
)

_SEE_THROUGH = 8
_FULL = 255
_COVERING = frozenset({c.FPDF_PAGEOBJ_PATH, c.FPDF_PAGEOBJ_IMAGE})
_UNSEEN_MODES = frozenset({c.FPDF_TEXTRENDERMODE_INVISIBLE, c.FPDF_TEXTRENDERMODE_CLIP})
# Drawing takes some 10 ms a page; pages with more objects take seconds.
_MAX_DRAWN_PAGES = 100
_MAX_OBJECTS = 20_000
_MAX_PIXELS = 4_000_000
# Grey levels that differ by less look the same.
_MAX_DIFFERENCE = 12
# Smaller ones are rules and dots.
_MIN_COVER_POINTS = 4.0
_SCAN_SHARE = 0.5


class Box(NamedTuple):
    """A rectangle in the coordinates of the page."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def area(self) -> float:
        """Its area in square points."""
        return max(self.right - self.left, 0.0) * max(self.top - self.bottom, 0.0)

    def holds(self, other: "Box") -> bool:
        """Tell whether the middle of another box lies in this one."""
        x, y = (other.left + other.right) / 2, (other.bottom + other.top) / 2
        return self.left <= x <= self.right and self.bottom <= y <= self.top


class _Line(NamedTuple):
    """A line of text: its first and last characters, and its place."""

    first: int
    last: int
    box: Box


class _Cover(NamedTuple):
    """An image or a filled shape that text may lie on or under; `place` counts the objects of the
    page. The colour of an image is None."""

    place: int
    box: Box
    item: c.FPDF_PAGEOBJECT
    colour: Colour | None

    @property
    def is_image(self) -> bool:
        return self.colour is None


class UnseenText:
    """Looks for text that nobody sees; `pages` are the numbers of those that have some."""

    def __init__(self, pdf: pdfium.PdfDocument) -> None:
        self.pages: list[int] = []
        self._pdf = pdf
        self._drawn = 0

    def look(
        self,
        page: pdfium.PdfPage,
        text: pdfium.PdfTextPage,
        lines: list[tuple[int, int]],
        number: int,
    ) -> None:
        """Look at page `number`, of whose lines the first and last characters are given."""
        reader = _PageReader(self._pdf, page, text)
        if self._is_found(reader, reader.placed(lines)):
            self.pages.append(number)

    def _is_found(self, reader: "_PageReader", lines: list[_Line]) -> bool:
        if any(reader.is_tiny(line) for line in lines):
            return True
        faint = [box for line in lines for box in reader.faint_boxes(line)]
        covers = reader.covers() if reader.object_count <= _MAX_OBJECTS else []
        if not faint and not covers:
            return False
        scanned = sum(cover.box.area for cover in covers if cover.is_image)
        if scanned > _SCAN_SHARE * reader.page_box.area:
            return False
        unseen = list(reader.covered(lines, covers))
        if any(cover.is_image and reader.is_opaque(cover) for _, cover in unseen):
            return True
        suspects = faint + [line.box for line, cover in unseen if not cover.is_image]
        if not suspects or self._drawn >= _MAX_DRAWN_PAGES:
            return False
        self._drawn += 1
        return reader.shows_nothing(suspects)


class _PageReader:
    """Asks PDFium about one page; keeps the C variables that all calls share."""

    def __init__(
        self, pdf: pdfium.PdfDocument, page: pdfium.PdfPage, text: pdfium.PdfTextPage
    ) -> None:
        self._pdf, self._page, self._text = pdf, page, text
        self._doubles = [ctypes.c_double() for _ in range(4)]
        self._floats = [ctypes.c_float() for _ in range(4)]
        self._colour = [ctypes.c_uint() for _ in range(4)]
        self._ints = [ctypes.c_int() for _ in range(2)]
        self._matrix = c.FS_MATRIX()
        self.page_box = Box(*page.get_bbox())
        self.object_count: int = c.FPDFPage_CountObjects(page.raw)

    def placed(self, lines: list[tuple[int, int]]) -> list[_Line]:
        """Return the lines that have a place."""
        boxes = ((self._char_box(first), self._char_box(last)) for first, last in lines)
        return [
            _Line(first, last, _around(head, tail))
            for (first, last), (head, tail) in zip(lines, boxes, strict=True)
            if head is not None and tail is not None
        ]

    def _char_box(self, index: int) -> Box | None:
        left, right, bottom, top = self._doubles
        if not c.FPDFText_GetCharBox(self._text.raw, index, left, right, bottom, top):
            return None
        return Box(left.value, bottom.value, right.value, top.value)

    def is_tiny(self, line: _Line) -> bool:
        """Tell whether letters are too small to be read; the size of a font alone may not tell."""
        if min(line.box.top - line.box.bottom, line.box.right - line.box.left) > MAX_TINY_POINTS:
            return False
        size = c.FPDFText_GetFontSize(self._text.raw, line.first)
        if c.FPDFText_GetMatrix(self._text.raw, line.first, self._matrix):
            size *= math.hypot(self._matrix.c, self._matrix.d)
        return bool(0 < size <= MAX_TINY_POINTS)

    def faint_boxes(self, line: _Line) -> Iterator[Box]:
        """Yield the place of a line that begins and ends with letters that are white, see-through
        or not drawn; the place of one such letter if only one end is such."""
        faint = [index for index in (line.first, line.last) if self._is_faint(index)]
        if len(faint) == 2:
            yield line.box
        elif faint and (box := self._char_box(faint[0])) is not None:
            yield box

    def _is_faint(self, index: int) -> bool:
        colour = self._colour_of(index)
        if colour is None or look_alike(colour, WHITE):
            return True
        shown = c.FPDFText_GetTextObject(self._text.raw, index)
        return bool(shown) and c.FPDFTextObj_GetTextRenderMode(shown) in _UNSEEN_MODES

    def _colour_of(self, index: int) -> Colour | None:
        """Return the colour of a letter, black if it is not known, None if it is see-through."""
        if not c.FPDFText_GetFillColor(self._text.raw, index, *self._colour):
            return BLACK
        red, green, blue, alpha = (value.value for value in self._colour)
        return (red, green, blue) if alpha > _SEE_THROUGH else None

    def covers(self) -> list[_Cover]:
        """Return the images and filled shapes that are drawn on the page itself, in order."""
        found: list[_Cover] = []
        for place in range(self.object_count):
            item = c.FPDFPage_GetObject(self._page.raw, place)
            if c.FPDFPageObj_GetType(item) not in _COVERING:
                continue
            if c.FPDFPageObj_HasTransparency(item) or not self._is_filled(item):
                continue
            left, bottom, right, top = self._floats
            if not c.FPDFPageObj_GetBounds(item, left, bottom, right, top):
                continue
            box = Box(left.value, bottom.value, right.value, top.value)
            if min(box.right - box.left, box.top - box.bottom) >= _MIN_COVER_POINTS:
                found.append(_Cover(place, box, item, self._fill(item)))
        return found

    def _is_filled(self, item: c.FPDF_PAGEOBJECT) -> bool:
        if c.FPDFPageObj_GetType(item) == c.FPDF_PAGEOBJ_IMAGE:
            return True
        mode, stroke = self._ints
        return bool(c.FPDFPath_GetDrawMode(item, mode, stroke)) and mode.value != 0

    def _fill(self, item: c.FPDF_PAGEOBJECT) -> Colour | None:
        if c.FPDFPageObj_GetType(item) == c.FPDF_PAGEOBJ_IMAGE:
            return None
        if not c.FPDFPageObj_GetFillColor(item, *self._colour):
            return BLACK
        red, green, blue, _ = (value.value for value in self._colour)
        return red, green, blue

    def covered(self, lines: list[_Line], covers: list[_Cover]) -> Iterator[tuple[_Line, _Cover]]:
        """Yield the lines over which something is drawn later, or that are drawn on their own
        colour, each with what that is."""
        met = [(line, cover) for line in lines if (cover := _topmost(covers, line.box))]
        places = self._places() if met else {}
        for line, cover in met:
            shown = c.FPDFText_GetTextObject(self._text.raw, line.first)
            place = places.get(_address(shown)) if shown else None
            if place is None:
                continue
            if place < cover.place or look_alike(cover.colour, self._colour_of(line.first)):
                yield line, cover

    def _places(self) -> dict[int | None, int]:
        """Return the place of each object of the page, by its address."""
        objects = (c.FPDFPage_GetObject(self._page.raw, n) for n in range(self.object_count))
        return {_address(item): place for place, item in enumerate(objects)}

    def is_opaque(self, cover: _Cover) -> bool:
        """Tell whether nothing shows through an image."""
        raw = c.FPDFImageObj_GetRenderedBitmap(self._pdf.raw, self._page.raw, cover.item)
        if not raw:
            return False
        bitmap = pdfium.PdfBitmap.from_raw(raw)  # frees itself
        if bitmap.format != c.FPDFBitmap_BGRA:
            return True
        return min(bytes(bitmap.buffer)[3::4], default=0) == _FULL

    def shows_nothing(self, boxes: list[Box]) -> bool:
        """Draw the page; tell whether it is all of one grey in one of the boxes."""
        width, height = self._page.get_size()
        scale = min(1.0, math.sqrt(_MAX_PIXELS / max(width * height, 1.0)))
        bitmap = self._page.render(
            scale=scale, grayscale=True, draw_annots=False, may_draw_forms=False
        )
        try:
            pixels, stride = bytes(bitmap.buffer), bitmap.stride
            for box in boxes:
                x0, y0 = self._pixel(box.left, box.top, bitmap)
                x1, y1 = self._pixel(box.right, box.bottom, bitmap)
                rows = range(min(y0, y1), max(y0, y1) + 1)
                start, end = min(x0, x1), max(x0, x1) + 1
                levels = [pixels[row * stride + start : row * stride + end] for row in rows]
                darkest = min((min(level) for level in levels if level), default=_FULL)
                lightest = max((max(level) for level in levels if level), default=0)
                if 0 <= lightest - darkest <= _MAX_DIFFERENCE:
                    return True
            return False
        finally:
            bitmap.close()

    def _pixel(self, x: float, y: float, bitmap: pdfium.PdfBitmap) -> tuple[int, int]:
        column, row = self._ints
        size = (bitmap.width, bitmap.height)
        c.FPDF_PageToDevice(self._page.raw, 0, 0, *size, 0, x, y, column, row)
        return (
            min(max(column.value, 0), bitmap.width - 1),
            min(max(row.value, 0), bitmap.height - 1),
        )


def _topmost(covers: list[_Cover], box: Box) -> _Cover | None:
    return next((cover for cover in reversed(covers) if cover.box.holds(box)), None)


def _around(one: Box, other: Box) -> Box:
    return Box(
        min(one.left, other.left),
        min(one.bottom, other.bottom),
        max(one.right, other.right),
        max(one.top, other.top),
    )


def _address(item: c.FPDF_PAGEOBJECT) -> int | None:
    return ctypes.cast(item, ctypes.c_void_p).value
