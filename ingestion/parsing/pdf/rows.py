"""Puts together the pieces of a row that PDFium parted at a superscript or a wide gap."""

from ingestion.parsing.pdf.lines import GAP_SIZES, Cell, Line


def same_row_joined(lines: list[Line]) -> list[Line]:
    """Return `lines` with the pieces of each row put together."""
    joined: list[Line] = []
    for line in lines:
        before = joined[-1] if joined else None
        if before is not None and _continues_row(before, line):
            joined[-1] = _joined(before, line)
        else:
            joined.append(line)
    return joined


def _continues_row(before: Line, line: Line) -> bool:
    overlap = min(before.y1, line.y1) - max(before.y0, line.y0)
    lowest = min(before.y1 - before.y0, line.y1 - line.y0)
    return (
        not before.hyphenated
        and line.x0 >= before.x1 - 0.3 * before.size
        and overlap > 0.5 * max(lowest, 0.1)
    )


def _joined(before: Line, line: Line) -> Line:
    larger = before if before.size >= line.size else line
    gap = line.x0 - before.x1
    cells: tuple[Cell, ...] = ()
    if gap > GAP_SIZES * larger.size or before.cells or line.cells:
        left = before.cells or (Cell(before.text, before.x0, before.x1),)
        right = line.cells or (Cell(line.text, line.x0, line.x1),)
        if gap <= GAP_SIZES * larger.size:
            middle = Cell(f"{left[-1].text} {right[0].text}", left[-1].x0, right[0].x1)
            cells = (*left[:-1], middle, *right[1:])
        else:
            cells = (*left, *right)
    separator = " " if gap > 0.15 * larger.size else ""
    return Line(
        text=before.text + separator + line.text,
        x0=before.x0,
        x1=line.x1,
        y0=min(before.y0, line.y0),
        y1=max(before.y1, line.y1),
        baseline=larger.baseline,
        size=larger.size,
        bold=before.bold and line.bold,
        hyphenated=line.hyphenated,
        cells=cells if len(cells) > 1 else (),
    )
