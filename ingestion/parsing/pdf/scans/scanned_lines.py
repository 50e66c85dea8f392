"""What OCR read, as the lines from which parsers rebuild paragraphs, headings and tables."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from ingestion.parsing.drawn_pages import PARTS, PlacedWord
from ingestion.parsing.pdf.lines import GAP_SIZES, Cell, Line
from ingestion.parsing.recognised import RecognisedLine, RecognisedPage

# Sizes are measured on letters, so those of one font differ a little.
_SAME_SIZE = 0.25
_HYPHENS = ("-", "\u00ad", "‐", "¬")


def text_lines(page: RecognisedPage) -> list[Line]:
    """Return the lines of a page in reading order, in points, with sizes made equal."""
    usual = _usual_size(page)
    return [_line(page, line, usual) for line in page.lines if line.words]


def _usual_size(page: RecognisedPage) -> float:
    """Return the size of most letters of a page, in ``PARTS`` of its height."""
    sizes: Counter[int] = Counter()
    for line in page.lines:
        sizes[line.size] += len(line.text)
    letters = 0
    for size in sorted(sizes):
        letters += sizes[size]
        if 2 * letters >= sizes.total():
            return float(size)
    return 0.0


def _line(page: RecognisedPage, line: RecognisedLine, usual: float) -> Line:
    is_usual = abs(line.size - usual) <= _SAME_SIZE * usual
    size = (usual if is_usual else line.size) * page.height / PARTS
    first = line.words[0]
    text = line.text
    is_hyphenated = len(text) > 1 and text.endswith(_HYPHENS) and text[-2].isalpha()
    return Line(
        text=text[:-1] if is_hyphenated else text,
        x0=min(word.left for word in line.words) * page.width / PARTS,
        x1=max(word.left + word.width for word in line.words) * page.width / PARTS,
        y0=(PARTS - first.top - first.height) * page.height / PARTS,
        y1=(PARTS - first.top) * page.height / PARTS,
        baseline=(PARTS - line.baseline) * page.height / PARTS,
        size=round(size, 1),
        bold=False,
        hyphenated=is_hyphenated,
        cells=tuple(_cells(page, line, size)),
    )


def _cells(page: RecognisedPage, line: RecognisedLine, size: float) -> Iterator[Cell]:
    """Yield the pieces of a line parted by wide gaps, none if there is no such gap."""
    wide = GAP_SIZES * size * PARTS / page.width
    pieces: list[list[PlacedWord]] = [[line.words[0]]]
    for before, word in pairwise(line.words):
        if word.left - before.left - before.width > wide:
            pieces.append([])
        pieces[-1].append(word)
    if len(pieces) < 2:
        return
    for piece in pieces:
        last = piece[-1]
        yield Cell(
            " ".join(word.text for word in piece),
            piece[0].left * page.width / PARTS,
            (last.left + last.width) * page.width / PARTS,
        )
