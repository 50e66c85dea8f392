"""Text with the chosen passage and the search hits marked.

The search ignores case and accents. Text is folded character by character, so that an offset in the
folded text is also one in the text.
"""

import unicodedata
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Segment:
    """A piece of text: in the chosen passage, a search hit or a quote, or only the context."""

    text: str
    chosen: bool = False
    hit: bool = False
    is_context: bool = False


def fold(text: str) -> str:
    """Return the text in lower case without accents, with the same number of characters."""
    return "".join(_fold_character(character) for character in text)


def _fold_character(character: str) -> str:
    if character.isascii():
        return character.lower()
    bare = unicodedata.normalize("NFKD", character)[0].lower()
    return bare if len(bare) == 1 else character


def occurrences(text: str, query: str) -> list[tuple[int, int]]:
    """Return the (start, end) offsets of ``query`` in ``text``, in order, without overlaps."""
    folded, wanted = fold(text), fold(query)
    found: list[tuple[int, int]] = []
    at = folded.find(wanted) if wanted else -1
    while at >= 0:
        found.append((at, at + len(wanted)))
        at = folded.find(wanted, at + len(wanted))
    return found


def split(text: str, chosen: tuple[int, int] | None, query: str) -> tuple[Segment, ...]:
    """Split ``text`` at the ends of the chosen span and of the search hits."""
    hits = dict(occurrences(text, query))
    spans = [*hits.items(), chosen] if chosen else list(hits.items())
    cuts = sorted({0, len(text), *(min(offset, len(text)) for span in spans for offset in span)})
    segments = []
    hit_end = 0
    for start, end in pairwise(cuts):
        hit_end = hits.get(start, hit_end)
        inside = chosen is not None and chosen[0] <= start < chosen[1]
        segments.append(Segment(text[start:end], chosen=inside, hit=start < hit_end))
    return tuple(segments)
