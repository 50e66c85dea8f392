"""The part of a passage that shows why it was found, with the words of the query marked."""

import re
from collections.abc import Collection, Sequence
from itertools import pairwise

from ingestion.documents.segments import Segment
from ingestion.indexing.lexical import occurrences_of

SNIPPET_CHARS = 320
# Before the first word that is marked.
_LEAD_CHARS = 60
_BARS = re.compile(r"(?:\s*\|[\s:|-]*)+")


def snippet(text: str, terms: Collection[int]) -> tuple[Segment, ...]:
    """Return the window of a text with the most different terms, as segments.

    Tables lose their bars, and white space is a single space.
    """
    flat = " ".join(_BARS.sub(" · ", text).strip(" ·\n").split())
    marks = occurrences_of(flat, terms)
    start, end = _window(flat, marks)
    cuts = [(a, b) for a, b, _term in marks if start <= a and b <= end]
    edges = sorted({start, end, *(edge for cut in cuts for edge in cut)})
    marked = {a for a, _b in cuts}
    pieces = [Segment(flat[a:b], hit=a in marked) for a, b in pairwise(edges)]
    before = [Segment("… ")] if start else []
    after = [Segment(" …")] if end < len(flat) else []
    return (*before, *pieces, *after)


def _window(text: str, marks: Sequence[tuple[int, int, int]]) -> tuple[int, int]:
    """Return the offsets of the window, whose ends are between words."""
    best, start = 0, 0
    for at, _end, _term in marks:
        begin = max(0, at - _LEAD_CHARS)
        within = {term for a, b, term in marks if begin <= a and b <= begin + SNIPPET_CHARS}
        if len(within) > best:
            best, start = len(within), begin
    if start:
        start = text.find(" ", start) + 1
    end = start + SNIPPET_CHARS
    if end < len(text):
        end = max(text.rfind(" ", start, end), start + 1)
    return start, min(end, len(text))
