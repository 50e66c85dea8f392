"""The units of a passage: sentences, list items, table rows, and what is never a quote.

A passage is the text of blocks, with an empty line between two of them; the items of a list and the
rows of a table (in Markdown pipes) have a line each. Headings are lines of their own. Lines of a
table of contents, headings and fragments (a passage that begins within a sentence) are recognised,
since they are no answer; so are questions on a line of their own, which are the headings of an FAQ.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from ingestion.chunking.sentences import sentence_spans

_ITEM = re.compile(r"\s*(?:[-–—•‣▪◦*·➢✓]|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)°])\s+")
_RULE = re.compile(r"\|(?:\s*:?-+:?\s*\|)+\s*")
# Leaders and a page number, or a page number after a wide gap.
_CONTENTS = re.compile(
    r"(?:(?:\.\s?){4,}|…{2,}|_{4,}|·{4,}|\t)\s*(?:p\.?\s*)?\d{1,4}\s*$|\S {3,}\d{1,4}\s*$"
)
_MAX_HEADING_CHARS, _MAX_HEADING_WORDS = 140, 18
# "Opening hours: 8 to 20": a line that says something, though without a full stop.
_LABELLED = re.compile(r"\w\s?[:=]\s+\S")
_LETTER = re.compile(r"[^\W\d_]")


class Kind(StrEnum):
    """What a unit is."""

    SENTENCE = "sentence"
    ITEM = "item"
    ROW = "row"
    TABLE_HEADER = "table_header"
    HEADING = "heading"
    CONTENTS = "contents"
    FRAGMENT = "fragment"


QUOTABLE = frozenset({Kind.SENTENCE, Kind.ITEM, Kind.ROW})


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit ``text[start:end]`` of a passage.

    ``block`` numbers the blocks of the passage. ``lead`` is the position among the units of what
    introduces it: the sentence before a list, the header of a table; -1 without one. ``heading`` is
    the position of the last heading above it in the passage; -1 without one.
    """

    start: int
    end: int
    kind: Kind
    block: int
    lead: int = -1
    heading: int = -1

    @property
    def is_quotable(self) -> bool:
        """Whether it may be shown as an answer."""
        return self.kind in QUOTABLE


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    text: str
    is_first: bool
    is_last: bool
    block: int


@lru_cache(maxsize=512)
def passage_units(text: str) -> tuple[Unit, ...]:
    """Return the units of a passage, in order; they do not overlap.

    Those of the last passages are kept, as the refusal, the extracts and other questions need them.
    """
    lines = list(_lines(text))
    units: list[Unit] = []
    for number, line in enumerate(lines):
        after = lines[number + 1] if number + 1 < len(lines) else None
        if not _RULE.fullmatch(line.text):
            units += _line_units(line, after, is_start=not units)
    return tuple(_introduced(text, units))


def _lines(text: str) -> Iterator[_Line]:
    """Yield the lines that are not empty, each with the number of its block."""
    start, block = 0, 0
    raw = text.splitlines(keepends=True)
    blank = [not line.strip() for line in raw]
    for i, line in enumerate(raw):
        if not blank[i]:
            is_first = i == 0 or blank[i - 1]
            block += is_first
            stripped = line.rstrip()
            indent = len(stripped) - len(stripped.lstrip())
            is_last = i == len(raw) - 1 or blank[i + 1]
            yield _Line(start + indent, stripped[indent:], is_first, is_last, block)
        start += len(line)


def _line_units(line: _Line, after: _Line | None, *, is_start: bool) -> Iterator[Unit]:
    text, start = line.text, line.start
    end = start + len(text)
    if text.startswith("|"):
        is_header = after is not None and _RULE.fullmatch(after.text) is not None
        yield Unit(start, end, Kind.TABLE_HEADER if is_header else Kind.ROW, line.block)
        return
    if _CONTENTS.search(text):
        yield Unit(start, end, Kind.CONTENTS, line.block)
        return
    # A line that is all that there is, is no heading of anything.
    is_whole_text = is_start and after is None
    if line.is_first and line.is_last and not is_whole_text and _is_heading(text):
        yield Unit(start, end, Kind.HEADING, line.block)
        return
    if _ITEM.match(text):
        yield Unit(start, end, Kind.ITEM, line.block)
        return
    for begin, stop in sentence_spans(text):
        is_cut = is_start and begin == 0 and text[:1].islower()
        kind = Kind.FRAGMENT if is_cut else Kind.SENTENCE
        yield Unit(start + begin, start + stop, kind, line.block)


def _is_heading(text: str) -> bool:
    """Whether a line of its own is a heading rather than a sentence."""
    if len(text) > _MAX_HEADING_CHARS or len(text.split()) > _MAX_HEADING_WORDS:
        return False
    if text.endswith("?"):
        return len(list(sentence_spans(text))) == 1
    letters = _LETTER.findall(text)
    if not letters:
        return True
    if sum(letter.isupper() for letter in letters) > 0.7 * len(letters) and len(letters) > 3:
        return True
    return text[-1] not in '.!…;:»”",' and not (_LABELLED.search(text) and text[-1].isdigit())


def _introduced(text: str, units: list[Unit]) -> Iterator[Unit]:
    """Yield the units with the positions of their lead-in and of their heading."""
    lead = heading = -1
    for position, unit in enumerate(units):
        match unit.kind:
            case Kind.HEADING:
                heading, lead = position, -1
            case Kind.TABLE_HEADER:
                lead = position
            case Kind.ITEM | Kind.ROW:
                if unit.kind == Kind.ROW and lead >= 0 and units[lead].kind != Kind.TABLE_HEADER:
                    lead = -1
            case _:
                lead = position if text[unit.end - 1] == ":" else -1
        has_lead = unit.kind in (Kind.ITEM, Kind.ROW)
        yield replace(unit, lead=lead if has_lead else -1, heading=heading)
