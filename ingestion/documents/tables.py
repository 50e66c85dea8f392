"""The tables in a text: lines of Markdown pipes, as parsers write them, cut into rows and cells.

Parsers of all formats write tables this way (``ingestion.parsing.text.tables``).
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from ingestion.documents.segments import Segment
from ingestion.parsing.text.tables import is_rule

_TABLE = re.compile(r"^(?:\|.*\|[ \t]*(?:\n|\Z))+", re.MULTILINE)
_BAR = re.compile(r"(?<!\\)\|")
# A browser needs seconds for more cells; they stay text.
MAX_CELLS = 20_000

Segments = tuple[Segment, ...]


@dataclass(frozen=True)
class Part:
    """A piece of a page: running text, or a table if it has rows (of cells)."""

    segments: Segments = ()
    rows: tuple[tuple[Segments, ...], ...] = ()
    has_header: bool = False


def parts(segments: Sequence[Segment]) -> tuple[Part, ...]:
    """Return the text of ``segments`` as parts, in order, with the same marks."""
    marked = _Marked(segments)
    found: list[Part] = []
    cells_left = MAX_CELLS
    start = 0
    for match in _TABLE.finditer(marked.text):
        cells_left -= match.group().count("|")
        if cells_left < 0:
            break
        found += marked.running_text(start, match.start())
        found.append(_table(marked, match))
        start = match.end()
    found += marked.running_text(start, len(marked.text))
    return tuple(found)


class _Marked:
    """Text in segments, of which pieces can be cut out by their offsets."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = segments
        self._starts = [0, *accumulate(len(segment.text) for segment in segments)]
        self.text = "".join(segment.text for segment in segments)

    def cut(self, start: int, end: int) -> Segments:
        """Return the segments between two offsets."""
        pieces = []
        for at in range(bisect_right(self._starts, start) - 1, len(self._segments)):
            first = self._starts[at]
            if first >= end:
                break
            segment = self._segments[at]
            piece = segment.text[max(0, start - first) : end - first]
            if piece:
                pieces.append(replace(segment, text=piece))
        return tuple(pieces)

    def running_text(self, start: int, end: int) -> Iterator[Part]:
        """Yield the text between two tables, without the line breaks beside them."""
        while start < end and start and self.text[start] == "\n":
            start += 1
        while start < end < len(self.text) and self.text[end - 1] == "\n":
            end -= 1
        if start < end:
            yield Part(self.cut(start, end))


def _table(marked: _Marked, match: re.Match[str]) -> Part:
    lines = match.group().splitlines()
    has_header = len(lines) > 1 and is_rule(lines[1].strip())
    starts = accumulate((len(line) + 1 for line in lines), initial=match.start())
    rows = tuple(
        tuple(_cells(marked, line, start))
        for line, start in zip(lines, starts, strict=False)
        if not is_rule(line.strip())
    )
    return Part(rows=rows, has_header=has_header)


def _cells(marked: _Marked, line: str, start: int) -> Iterator[Segments]:
    """Yield the cells of a line that begins at an offset, without the spaces around them."""
    bars = [bar.start() for bar in _BAR.finditer(line)]
    for before, after in pairwise(bars):
        cell = line[before + 1 : after]
        first = before + 1 + len(cell) - len(cell.lstrip())
        last = first + len(cell.strip())
        yield tuple(
            replace(segment, text=segment.text.replace("\\|", "|"))
            for segment in marked.cut(start + first, start + last)
        )
