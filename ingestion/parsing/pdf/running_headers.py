"""Finds what repeats at the top and bottom of pages: running headers, footers, page numbers."""

import re
from collections import Counter

from ingestion.parsing.pdf.lines import Line

_EDGE_LINES = 3
_EDGE_SHARE = 0.18
_MIN_REPEATS = 3
_MIN_SHARE = 0.2
_NUMBERS = re.compile(r"\d+|\b[ivxlc]+$|^[ivxlc]+\b")
_PAGE_NUMBER = re.compile(
    r"^\W*(?:(?:page|p\.?|seite|página|pagina)\s*)?(?:\d{1,4}|[ivxlc]{1,7})"
    r"(?:\s*(?:/|sur|of|von|de|di)\s*\d{1,4})?\W*$",
    re.I,
)


def without_running_lines(pages: list[list[Line]], heights: list[float]) -> list[list[Line]]:
    """Return the pages' lines without page numbers, and with running headers and footers only
    where they first occur."""
    edges = [_edge_lines(lines, height) for lines, height in zip(pages, heights, strict=True)]
    counts = Counter(key for lines in edges for key in {_key(line) for line in lines})
    needed = max(_MIN_REPEATS, min(len(pages) * _MIN_SHARE, 20))
    repeated = {key for key, count in counts.items() if count >= needed}
    seen: set[str] = set()
    kept_pages: list[list[Line]] = []
    for lines, edge in zip(pages, edges, strict=True):
        dropped: set[int] = set()
        for line in edge:
            key = _key(line)
            if _PAGE_NUMBER.match(line.text) or (key in repeated and key in seen):
                dropped.add(id(line))
            elif key in repeated:
                seen.add(key)
        kept_pages.append([line for line in lines if id(line) not in dropped])
    return kept_pages


def _edge_lines(lines: list[Line], height: float) -> list[Line]:
    by_height = sorted(lines, key=lambda line: -line.y1)
    top = [line for line in by_height[:_EDGE_LINES] if line.y0 > height * (1 - _EDGE_SHARE)]
    bottom = [line for line in by_height[-_EDGE_LINES:] if line.y1 < height * _EDGE_SHARE]
    return top + [line for line in bottom if all(line is not other for other in top)]


def _key(line: Line) -> str:
    return _NUMBERS.sub("#", line.text.casefold())
