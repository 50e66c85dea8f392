"""Rebuilds paragraphs, headings, list items and tables from the lines of a page."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from ingestion.parsing.document import Block, BlockKind
from ingestion.parsing.pdf.hyphenation import Vocabulary, join_lines
from ingestion.parsing.pdf.lines import Cell, Line
from ingestion.parsing.text.normalise import clean_block
from ingestion.parsing.text.tables import pipe_table

# Symbol fonts give bullets as control or private-use characters.
_GLYPH = r"[•‣◦▪■●○–—➢➤✓❖□☐\x80-\x9f\ue000-\uf8ff]|[-*o](?=\s)"
_BULLET = re.compile(rf"^(?:{_GLYPH}|\(?(?:\d{{1,2}}|[a-z])[.)](?=\s))\s*\S")
_LEADING_GLYPH = re.compile(rf"^(?:{_GLYPH})\s*")
_END_OF_SENTENCE = tuple('.!?:;…»”")')
_CAPTION = re.compile(r"^(?:fig(?:ure)?\.?|table(?:au)?|illustration|graphique)\s+[\dIVX]+", re.I)
_MAX_HEADING_CHARS = 180
_MAX_HEADING_LINES = 3
_HEADING_RATIO = 1.12
_MAX_SIZE_LEVELS = 4
# Distance between baselines, in the page's usual one, beyond which a new paragraph starts.
_PARAGRAPH_LEADING = 1.35
# A line that ends this far before the right edge of its column ends a paragraph or a list item.
_EARLY_END = 0.2
_EDGE_STEP = 12.0
_NARROW_GAP_SIZES = 10
_LEADERS = re.compile(r"(?:\s?[.·_…]){5,}\s?")


@dataclass(frozen=True, slots=True)
class Looks:
    """What the document as a whole says about its headings.

    `outline` maps the folded text of a bookmark to its level; `heading_sizes` are ascending.
    """

    body_size: float
    bold_body: bool
    heading_sizes: list[float]
    outline: Mapping[str, int]
    vocabulary: Vocabulary

    def heading_level(self, lines: list[Line], text: str) -> int:
        """Return the level of a heading made of `lines`, or 0 if they are none."""
        if len(lines) > _MAX_HEADING_LINES or len(text) > _MAX_HEADING_CHARS:
            return 0
        if level := self.outline.get(folded(text)):
            return level
        if not any(character.isalpha() for character in text):
            return 0
        size = round(lines[0].size, 1)
        if size > self.body_size * _HEADING_RATIO:
            larger = len(self.heading_sizes) - bisect_left(self.heading_sizes, size)
            return min(max(larger, 1), _MAX_SIZE_LEVELS)
        is_title_like = text[-1] not in ".,;:" and len(lines) <= 2 and not self.bold_body
        if is_title_like and size > self.body_size * 0.9 and all(line.bold for line in lines):
            return min(len(self.heading_sizes), _MAX_SIZE_LEVELS) + 1
        return 0


def folded(text: str) -> str:
    """Return the letters and digits of `text`, lower-cased, to compare bookmarks with lines."""
    return "".join(character for character in text.casefold() if character.isalnum())


def document_looks(pages: list[list[Line]], outline: Mapping[str, int]) -> Looks:
    """Return the body size (most characters), the heading sizes above it, and the vocabulary."""
    sizes: Counter[float] = Counter()
    bold: Counter[bool] = Counter()
    headings: Counter[float] = Counter()
    for lines in pages:
        for line in lines:
            sizes[round(line.size, 1)] += len(line.text)
            bold[line.bold] += len(line.text)
    body = sizes.most_common(1)[0][0] if sizes else 0.0
    for size, chars in sizes.items():
        if size > body * _HEADING_RATIO and chars < sizes[body]:
            headings[size] = chars
    return Looks(
        body_size=body,
        bold_body=bold[True] > bold[False],
        heading_sizes=sorted(headings),
        outline=outline,
        vocabulary=Vocabulary(line.text for lines in pages for line in lines),
    )


@dataclass(slots=True)
class _Run:
    """Lines gathered so far for one block."""

    lines: list[Line] = field(default_factory=list)
    is_table: bool = False


def page_blocks(lines: list[Line], looks: Looks) -> list[Block]:
    """Return the blocks of a page whose `lines` are in reading order."""
    if not lines:
        return []
    leading = _usual_leading(lines)
    edges = _Edges(lines)
    runs: list[_Run] = []
    for line, is_row in zip(lines, _row_flags(lines), strict=True):
        if (
            not runs
            or runs[-1].is_table != is_row
            or (not is_row and _starts_block(runs[-1].lines, line, leading, edges))
        ):
            runs.append(_Run(is_table=is_row))
        runs[-1].lines.append(line)
    return [block for run in runs for block in _blocks(run, looks) if block.text]


def _row_flags(lines: list[Line]) -> list[bool]:
    """Tell which lines are table rows: those with wide gaps under those of a line beside them.

    Two rows of two cells parted by a moderate gap are rather justified text.
    """
    pairs = [len(a.cells) > 1 < len(b.cells) and _are_aligned(a, b) for a, b in pairwise(lines)]
    flags = [
        before or after for before, after in zip([False, *pairs], [*pairs, False], strict=True)
    ]
    start = 0
    while start < len(lines):
        end = start + 1
        while end < len(lines) and flags[end] == flags[start]:
            end += 1
        rows = lines[start:end]
        if flags[start] and len(rows) <= 2 and all(_has_one_narrow_gap(row) for row in rows):
            flags[start:end] = [False] * len(rows)
        start = end
    return flags


def _has_one_narrow_gap(line: Line) -> bool:
    gaps = _gaps(line)
    return len(gaps) == 1 and gaps[0][1] - gaps[0][0] < _NARROW_GAP_SIZES * line.size


def _are_aligned(one: Line, other: Line) -> bool:
    """Tell whether half of the gaps of the line with fewer of them are over gaps of the other:
    in justified text gaps may be wide too, but not under one another."""
    mine, theirs = sorted((_gaps(one), _gaps(other)), key=len)
    shared = sum(
        any(min(a[1], b[1]) - max(a[0], b[0]) > 0.5 * one.size for b in theirs) for a in mine
    )
    return bool(mine) and shared * 2 >= len(mine)


def _gaps(line: Line) -> list[tuple[float, float]]:
    return [(left.x1, right.x0) for left, right in pairwise(line.cells)]


def _usual_leading(lines: list[Line]) -> float:
    """Return the most usual distance between baselines, in font sizes."""
    steps = Counter(
        round((above.baseline - below.baseline) / below.size, 1)
        for above, below in pairwise(lines)
        if 0 < above.size == below.size < above.baseline - below.baseline < 2.5 * below.size
    )
    return min(steps, key=lambda step: (-steps[step], step)) if steps else 1.2


class _Edges:
    """The right edge of the column in which a line stands: the farthest end of the lines that
    begin at about the same place."""

    def __init__(self, lines: list[Line]) -> None:
        self._ends: dict[int, float] = {}
        for line in lines:
            step = int(line.x0 // _EDGE_STEP)
            self._ends[step] = max(self._ends.get(step, line.x1), line.x1)

    def ends_early(self, line: Line) -> bool:
        """Tell whether `line` leaves much of its column empty."""
        step = int(line.x0 // _EDGE_STEP)
        edge = max(self._ends.get(near, line.x1) for near in range(step - 2, step + 3))
        return edge - line.x1 > _EARLY_END * (edge - line.x0)


def _starts_block(run: list[Line], line: Line, leading: float, edges: _Edges) -> bool:
    before = run[-1]
    if abs(before.size - line.size) > 0.08 * max(before.size, line.size):
        return True
    if _BULLET.match(line.text) or _LEADERS.search(before.text):
        return True
    if before.hyphenated:
        return False
    ends_early = edges.ends_early(before)
    if before.bold != line.bold:
        return ends_early or not before.bold or len(run) > 1
    ends_sentence = before.text.endswith(_END_OF_SENTENCE)
    step = (before.baseline - line.baseline) / line.size if line.size else 0.0
    if step < 0:  # the top of the next column: the paragraph may run on there
        return ends_sentence
    if step > max(leading, 1.0) * _PARAGRAPH_LEADING:
        return True
    if ends_early and (ends_sentence or not line.text[0].islower()):
        return True
    indent = line.x0 - min(item.x0 for item in run)
    return indent > 0.8 * line.size and len(run) > 1 and ends_sentence


def _blocks(run: _Run, looks: Looks) -> list[Block]:
    if run.is_table:
        return _table_blocks(run.lines)
    raw = join_lines(((line.text, line.hyphenated) for line in run.lines), looks.vocabulary)
    raw = _LEADERS.sub(" … ", raw)
    text = clean_block(raw)
    if not text:
        return []
    if level := looks.heading_level(run.lines, text):
        return [Block("heading", text, level)]
    kind: BlockKind = "paragraph"
    if _BULLET.match(run.lines[0].text):
        kind = "list_item"
        text = clean_block(_LEADING_GLYPH.sub("- ", raw))
    elif _CAPTION.match(text):
        kind = "caption"
    return [Block(kind, text)]


def _table_blocks(lines: list[Line]) -> list[Block]:
    """Return rows as one Markdown table: each cell goes to the column that it overlaps most, the
    columns being those of the usual row."""
    widths = Counter(len(line.cells) for line in lines)
    usual = max(widths, key=lambda width: (widths[width], width))
    extents: list[tuple[float, float]] = []
    for line in lines:
        if len(line.cells) == usual:
            own = [(cell.x0, cell.x1) for cell in line.cells]
            extents = [
                (min(a[0], b[0]), max(a[1], b[1])) for a, b in zip(extents or own, own, strict=True)
            ]
    rows: list[list[str]] = []
    for line in lines:
        row = [""] * usual
        for cell in line.cells:
            overlaps = [_overlap(cell, extent) for extent in extents]
            column = overlaps.index(max(overlaps))
            row[column] = f"{row[column]} {clean_block(cell.text)}".strip()
        rows.append(row)
    return [Block("table", pipe_table(rows))]


def _overlap(cell: Cell, extent: tuple[float, float]) -> float:
    """Return how far a cell reaches into a column; negative is how far it is from it."""
    return min(cell.x1, extent[1]) - max(cell.x0, extent[0])
