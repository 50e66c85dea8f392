"""Puts the lines of a page in reading order when its file draws two columns row by row.

Most programs write one column after the other, and content order is then the reading order, which
no geometry improves. Lines are moved only when the file demonstrably jumps between two columns of
running text; a table jumps too, but its cells are short.
"""

from dataclasses import replace
from itertools import pairwise

from ingestion.parsing.pdf.lines import Line

_MIN_LINES = 6
_MIN_COLUMN_CHARS = 22
_MIN_JUMPS = 4


def in_reading_order(lines: list[Line]) -> list[Line]:
    """Return `lines`, column by column between lines that span the page."""
    gutter = _gutter(lines)
    if gutter is None:
        return lines
    pieces = [piece for line in lines for piece in _split_at(line, gutter)]
    sides = [_side(piece, gutter) for piece in pieces]
    one_sided = [side for side in sides if side]
    jumps = sum(a > b for a, b in pairwise(one_sided))
    if jumps < _MIN_JUMPS:
        return lines
    ordered: list[Line] = []
    band: list[tuple[int, Line]] = []
    by_height = sorted(zip(sides, pieces, strict=True), key=lambda item: -item[1].y1)
    for side, piece in by_height:
        if side == 0:
            ordered.extend(line for _, line in sorted(band, key=lambda item: item[0]))
            band = []
            ordered.append(piece)
        else:
            band.append((side, piece))
    ordered.extend(line for _, line in sorted(band, key=lambda item: item[0]))
    return ordered


def _gutter(lines: list[Line]) -> float | None:
    """Return the x of the empty strip between two columns of text, or None."""
    pieces = [
        (cell.x0, cell.x1, len(cell.text))
        for line in lines
        for cell in (line.cells if len(line.cells) == 2 else ())
    ] + [(line.x0, line.x1, len(line.text)) for line in lines if not line.cells]
    if len(pieces) < 2 * _MIN_LINES:
        return None
    left, right = min(piece[0] for piece in pieces), max(piece[1] for piece in pieces)
    middle = (left + right) / 2
    left_column = [piece for piece in pieces if piece[1] <= middle + (right - left) * 0.05]
    right_column = [piece for piece in pieces if piece[0] >= middle - (right - left) * 0.05]
    if min(len(left_column), len(right_column)) < _MIN_LINES:
        return None
    if len(left_column) + len(right_column) < len(pieces) * 0.7:
        return None
    for column in (left_column, right_column):
        if sum(piece[2] for piece in column) / len(column) < _MIN_COLUMN_CHARS:
            return None
    inner_left = sorted(piece[1] for piece in left_column)[int(len(left_column) * 0.95)]
    inner_right = sorted(piece[0] for piece in right_column)[int(len(right_column) * 0.05)]
    return (inner_left + inner_right) / 2 if inner_left < inner_right else None


def _split_at(line: Line, gutter: float) -> list[Line]:
    if len(line.cells) != 2 or not line.cells[0].x1 < gutter < line.cells[1].x0:
        return [line]
    left, right = line.cells
    return [
        replace(line, text=left.text, x0=left.x0, x1=left.x1, cells=(), hyphenated=False),
        replace(line, text=right.text, x0=right.x0, x1=right.x1, cells=()),
    ]


def _side(line: Line, gutter: float) -> int:
    """Return 1 for the left column, 2 for the right one, 0 for a line across both."""
    if line.x1 <= gutter:
        return 1
    return 2 if line.x0 >= gutter else 0
