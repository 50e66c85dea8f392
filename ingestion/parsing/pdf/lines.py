"""Lines of text with their place and looks, as PDFium finds them on a page.

PDFium gives the characters of a page in content order, broken into lines. Asking it about every
character would cost more than all the rest, so each line is asked about at its ends, and inside
only where a wide gap may hide (columns, tables). Lengths are in points, y grows upwards.
"""

import ctypes
import math
import re
from dataclasses import dataclass, replace
from itertools import pairwise

import pypdfium2 as pdfium
import pypdfium2.raw as c

from ingestion.parsing.pdf.unmapped import UNKNOWN, FontMaps
from ingestion.parsing.pdf.unseen import UnseenText

# PDFium writes U+FFFE for a hyphen at the end of a line, and then no line break.
LINE_HYPHEN = "\ufffe"
_LINE = re.compile(r"([^\r\n\ufffe]*)(\ufffe|\r\n|\r|\n|$)")
_BOLD_NAME = re.compile(r"bold|black|heavy|demi|CMBX|SFBX|ECBX|-B(?:$|,)", re.I)
# A gap this many times the font size wide parts cells or columns; justified text stays below.
GAP_SIZES = 1.5
# Letters are about half as wide as the font size; a line looser than this on average has gaps.
_LOOSE_LETTERS = 0.62
# Even gaps up to this wide are put between words to fill the lines of a narrow column.
_JUSTIFIED_SIZES = 6.0
_WORD = re.compile(r"\S+")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u05ff\u0620-\u065f\u066e-\u06ef\ufb1d-\ufdff\ufe70-\ufefc]+")
_ALEF_LAM = re.compile("[اأإآ]ل")
_SCRIPT_BORDER = re.compile("(?<=[A-Za-z])(?=[\u0620-\u06ff])|(?<=[\u0620-\u06ff])(?=[A-Za-z])")
_NAME_BYTES = 128
_LONE_UNKNOWN = re.compile(rf"(?<!\w){UNKNOWN}+(?!\w)\s*")
# Fewer in a line are signs, as of formulas, whose absence is no news.
_MIN_UNKNOWN = 8


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of a line between wide gaps."""

    text: str
    x0: float
    x1: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text. `baseline` is the y on which its letters stand. `hyphenated`: it ended with a
    hyphen, which `text` no longer holds."""

    text: str
    x0: float
    x1: float
    y0: float
    y1: float
    baseline: float
    size: float
    bold: bool
    hyphenated: bool = False
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class PageLines:
    """The lines on a page; whether there are others beside it, which no reader sees, or others
    whose characters no font tells."""

    lines: list[Line]
    has_outside_text: bool
    has_unknown_text: bool


def page_lines(page: pdfium.PdfPage, number: int, unseen: UnseenText, fonts: FontMaps) -> PageLines:
    """Return the lines of page `number` in content order, with text that is on the page but unseen;
    raises PdfiumError if it cannot be read."""
    textpage = page.get_textpage()
    try:
        reader = _LineReader(textpage.raw, page)
        mended = fonts.mended_text(textpage)
        text = textpage.get_text_range(errors="replace") if mended is None else mended
        lines = reader.read(text, textpage.count_chars())
        unseen.look(page, textpage, reader.ends, number)
        has_unknown_text = any(line.text.count(UNKNOWN) >= _MIN_UNKNOWN for line in lines)
        known = [_without_lone_unknown(line) for line in lines if not _is_unknown(line.text)]
        return PageLines(known, reader.has_outside_text, has_unknown_text)
    finally:
        textpage.close()


def _is_unknown(text: str) -> bool:
    """Tell whether half of the characters of a line are not known."""
    return 2 * text.count(UNKNOWN) >= len(text.replace(" ", ""))


def _without_lone_unknown(line: Line) -> Line:
    """Return a line without bullets and signs that are not known; in words they stay marked."""
    if UNKNOWN not in line.text:
        return line
    cells = tuple(replace(cell, text=_LONE_UNKNOWN.sub("", cell.text)) for cell in line.cells)
    return replace(line, text=_LONE_UNKNOWN.sub("", line.text), cells=cells)


class _LineReader:
    """Asks PDFium about characters; keeps the C variables that all calls share."""

    def __init__(self, raw: c.FPDF_TEXTPAGE, page: pdfium.PdfPage) -> None:
        self._raw = raw
        self._rotation = page.get_rotation()
        self._width, self._height = page.get_size()
        self._box = [ctypes.c_double() for _ in range(4)]
        self._matrix = c.FS_MATRIX()
        self._name = ctypes.create_string_buffer(_NAME_BYTES)
        self._flags = ctypes.c_int()
        self._crop = page.get_bbox()
        self.has_outside_text = False
        # The first and last characters of each line.
        self.ends: list[tuple[int, int]] = []

    def read(self, text: str, char_count: int) -> list[Line]:
        units = len(text.encode("utf-16-le")) // 2
        exact = units == char_count == len(text)
        lines: list[Line] = []
        at = 0
        for match in _LINE.finditer(text):
            found, end = match.groups()
            stripped = found.strip()
            if stripped:
                start = match.start() + len(found) - len(found.lstrip())
                if exact:
                    first, last = start, start + len(stripped) - 1
                else:
                    at = len(text[:start].encode("utf-16-le")) // 2
                    first = self._char_index(at)
                    last = self._char_index(at + len(stripped.encode("utf-16-le")) // 2 - 1)
                line = self._line(stripped, first, last, end == LINE_HYPHEN, exact)
                if line is not None:
                    lines.append(line)
        return lines

    def _char_index(self, text_index: int) -> int:
        return int(c.FPDFText_GetCharIndexFromTextIndex(self._raw, text_index))

    def _line(self, text: str, first: int, last: int, hyphenated: bool, exact: bool) -> Line | None:
        boxes = [box for box in (self._char_box(first), self._char_box(last)) if box]
        if not boxes:
            return None
        if self._is_outside(first) and self._is_outside(last):
            self.has_outside_text = True
            return None
        self.ends.append((first, last))
        x0, x1 = min(box[0] for box in boxes), max(box[1] for box in boxes)
        y0, y1 = min(box[2] for box in boxes), max(box[3] for box in boxes)
        # A space may be PDFium's own, without a font: the size is that of a letter near the middle.
        middle = len(text) // 2 + (text[len(text) // 2] == " ")
        size = self._size(first + middle) or self._size(first) or y1 - y0
        if exact and _RIGHT_TO_LEFT.search(text):
            text = self._mended_right_to_left(text, first)
        cells = self._cells(text, first, last, (x0, x1), size) if exact and " " in text else ()
        baseline = self._baseline(first, y0)
        return Line(text, x0, x1, y0, y1, baseline, size, self._is_bold(first), hyphenated, cells)

    def _mended_right_to_left(self, text: str, first: int) -> str:
        """Return a line with its Arabic and Hebrew words in reading order, parted from others.

        PDFium turns most words around, not all: a word whose first letter stands left of its last
        is still in drawing order. Lam and alef drawn as one glyph (at one place) come out swapped.
        """
        letters = list(text)
        for match in _RIGHT_TO_LEFT.finditer(text):
            start, end = match.span()
            boxes = [self._char_box(first + at) for at in range(start, end)]
            head, tail = boxes[0], boxes[-1]
            if head is not None and tail is not None and head[0] < tail[0]:
                letters[start:end] = reversed(letters[start:end])
                continue
            for pair in _ALEF_LAM.finditer(text, start, end):
                at = pair.start()
                if boxes[at - start] == boxes[at + 1 - start]:
                    letters[at], letters[at + 1] = letters[at + 1], letters[at]
        return _SCRIPT_BORDER.sub(" ", "".join(letters))

    def _char_box(self, index: int) -> tuple[float, float, float, float] | None:
        """Return (left, right, bottom, top) as the page is shown."""
        left, right, bottom, top = self._box
        if not c.FPDFText_GetCharBox(self._raw, index, left, right, bottom, top):
            return None
        return self._turned(left.value, right.value, bottom.value, top.value)

    def _is_outside(self, index: int) -> bool:
        """Tell whether a character is beyond the crop box, where no reader sees it."""
        left, right, bottom, top = self._box
        if not c.FPDFText_GetCharBox(self._raw, index, left, right, bottom, top):
            return False
        crop_left, crop_bottom, crop_right, crop_top = self._crop
        is_beside = right.value < crop_left or left.value > crop_right
        return bool(is_beside or top.value < crop_bottom or bottom.value > crop_top)

    def _turned(
        self, left: float, right: float, bottom: float, top: float
    ) -> tuple[float, float, float, float]:
        if self._rotation == 90:
            return bottom, top, self._height - right, self._height - left
        if self._rotation == 180:
            return (
                self._width - right,
                self._width - left,
                self._height - top,
                self._height - bottom,
            )
        if self._rotation == 270:
            return self._width - top, self._width - bottom, left, right
        return left, right, bottom, top

    def _baseline(self, index: int, default: float) -> float:
        x, y = self._box[:2]
        if not c.FPDFText_GetCharOrigin(self._raw, index, x, y):
            return default
        return self._turned(x.value, x.value, y.value, y.value)[2]

    def _size(self, index: int) -> float:
        size = c.FPDFText_GetFontSize(self._raw, index)
        if not c.FPDFText_GetMatrix(self._raw, index, self._matrix):
            return float(size)
        return float(size) * math.hypot(self._matrix.c, self._matrix.d)

    def _is_bold(self, index: int) -> bool:
        if c.FPDFText_GetFontWeight(self._raw, index) >= 600:
            return True
        length = c.FPDFText_GetFontInfo(self._raw, index, self._name, _NAME_BYTES, self._flags)
        if not 0 < length <= _NAME_BYTES:
            return False
        return bool(_BOLD_NAME.search(self._name.value.decode("utf-8", "replace")))

    def _cells(
        self, text: str, first: int, last: int, extent: tuple[float, float], size: float
    ) -> tuple[Cell, ...]:
        """Return the pieces of a line parted by wide gaps; () if there is no such gap.

        Gaps show between the rectangles that PDFium makes of text objects; where one object holds
        the whole row, letters that are too far apart on average betray them.
        """
        left, top, right, bottom = self._box
        rects: list[tuple[float, float]] = []
        for number in range(c.FPDFText_CountRects(self._raw, first, last - first + 1)):
            c.FPDFText_GetRect(self._raw, number, left, top, right, bottom)
            x0, x1, _, _ = self._turned(left.value, right.value, bottom.value, top.value)
            rects.append((x0, x1))
        is_loose = extent[1] - extent[0] > _LOOSE_LETTERS * size * len(text)
        if not is_loose and not _gaps(rects, size):
            return ()
        return self._parted(text, first, size)

    def _parted(self, text: str, first: int, size: float) -> tuple[Cell, ...]:
        """Cut `text` between words that stand far apart, unless it is justified."""
        words: list[tuple[int, float, float]] = []
        for match in _WORD.finditer(text):
            head = self._char_box(first + match.start())
            tail = self._char_box(first + match.end() - 1)
            if head is not None and tail is not None:
                words.append((match.start(), min(head[0], tail[0]), max(head[1], tail[1])))
        gaps = [max(b[1] - a[2], a[1] - b[2]) for a, b in pairwise(words)]
        if not gaps or max(gaps) <= GAP_SIZES * size or _is_justified(gaps, size):
            return ()
        cells: list[Cell] = []
        start, x0, x1 = words[0]
        for (offset, word_x0, word_x1), gap in zip(words[1:], gaps, strict=True):
            if gap > GAP_SIZES * size:
                cells.append(Cell(text[start:offset].strip(), x0, x1))
                start, x0, x1 = offset, word_x0, word_x1
            x0, x1 = min(x0, word_x0), max(x1, word_x1)
        return (*cells, Cell(text[start:].strip(), x0, x1))


def _is_justified(gaps: list[float], size: float) -> bool:
    """Tell whether the gaps between words are stretched alike, as in a narrow column."""
    limit = _JUSTIFIED_SIZES if len(gaps) > 1 else _JUSTIFIED_SIZES / 2
    return max(gaps) < limit * size and min(gaps) > 0.6 * max(gaps)


def _gaps(rects: list[tuple[float, float]], size: float) -> bool:
    """Tell whether a wide gap parts the rectangles (x0, x1) of a line."""
    rects.sort()
    reach = rects[0][1] if rects else 0.0
    for x0, x1 in rects[1:]:
        if x0 - reach > GAP_SIZES * size:
            return True
        reach = max(reach, x1)
    return False
