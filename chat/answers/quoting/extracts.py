"""The part of a passage that answers a question: whole units, verbatim.

A unit (``retrieval.evidence.units``) is a sentence, a list item or a table row. What is extracted
depends on the kind of answer that the question asks for:

- a definition: the sentence that says what the term means;
- a list: the whole list with the sentence that introduces it;
- anything else: the unit that answers best and the next best ones as long as they are nearly as
  good, in the order of the passage; an item comes with its lead-in, a row with its table's header,
  and a sentence that refers to the one before it ("Elle …", "This …") with that one.

Headings, lines of a table of contents and fragments are never extracted, unless a passage holds
nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chat.answers.quoting.unit_scores import score_units
from retrieval.evidence.definitions import defines
from retrieval.evidence.questions import AnswerKind, AskedQuestion
from retrieval.evidence.units import Kind, Unit, passage_units

# Measured on piaf_fr and xquad_en: docs/decisions/039-trust.md.
MAX_UNITS = 3
MAX_WORDS = 100
_MAX_LIST_WORDS = 220
# A further unit is shown if its score is less than this below the best one's.
_NEARLY_AS_GOOD = 3.0
# Words at the beginning of a sentence that refer to the sentence before it.
_REFERRING_WORDS = (
    "il elle ils elles ce cet cette ces celui celle ceux celles cela ceci ceux-ci celle-ci "
    "celui-ci son sa ses leur leurs toutefois cependant néanmoins it they this that these "
    "those he she its their his such however"
)
_REFERRING = frozenset(_REFERRING_WORDS.split())


@dataclass(frozen=True, slots=True)
class Extraction:
    """The spans of a passage that answer, in its order, and the score of the best unit.

    ``header`` is the span of the header of the table, if rows of one answer.
    """

    spans: tuple[tuple[int, int], ...]
    score: float
    header: tuple[int, int] | None = None

    def quotes(self, passage: str) -> list[str]:
        """Return the words of each span."""
        return [passage[start:end] for start, end in self.spans]


@dataclass(frozen=True, slots=True)
class _Passage:
    text: str
    units: Sequence[Unit]
    scores: Sequence[float]

    def said(self, position: int) -> str:
        return self.text[self.units[position].start : self.units[position].end]

    def n_words(self, positions: set[int]) -> int:
        return sum(len(self.said(position).split()) for position in positions)


def extract_answer(
    question: AskedQuestion,
    text: str,
    *,
    max_units: int = MAX_UNITS,
    max_words: int = MAX_WORDS,
) -> Extraction:
    """Return the part of a passage that answers."""
    units = passage_units(text)
    quotable = [position for position, unit in enumerate(units) if unit.is_quotable]
    if not quotable:
        return Extraction(((0, len(text)),), 0.0)
    passage = _Passage(text, units, score_units(question, text, units))
    ranked = sorted(quotable, key=lambda position: (-passage.scores[position], position))
    best = ranked[0]
    score = passage.scores[best]
    if question.kind == AnswerKind.LIST:
        listed = _best_list(passage, score)
        if listed is not None:
            return _as_extraction(passage, listed, score)
    if question.defined and defines(question.defined, passage.said(best)):
        return _as_extraction(passage, _with_context(passage, best), score)
    chosen = _with_context(passage, best)
    n_units = 1
    for position in ranked[1:]:
        if n_units == max_units or passage.scores[position] < score - _NEARLY_AS_GOOD:
            break
        wider = chosen | _with_context(passage, position)
        if wider == chosen or passage.n_words(wider) <= max_words:
            chosen, n_units = wider, n_units + 1
    return _as_extraction(passage, chosen, score)


def _with_context(passage: _Passage, position: int) -> set[int]:
    """Return a unit with those that it needs to be understood."""
    unit = passage.units[position]
    if unit.kind == Kind.ITEM:
        items = _list_around(passage.units, position)
        lead = {unit.lead} if unit.lead >= 0 else set[int]()
        is_short = passage.n_words(items | lead) <= MAX_WORDS
        return (items if is_short else {position}) | lead
    found = {position}
    if unit.kind == Kind.SENTENCE:
        before = position - 1
        is_referring = (
            passage.said(position).split(maxsplit=1)[0].casefold().strip("«“\"',") in _REFERRING
        )
        if is_referring and before >= 0 and _is_same_paragraph(passage.units, before, position):
            found.add(before)
        if passage.said(position).endswith(":") and position + 1 < len(passage.units):
            items = _list_around(passage.units, position + 1)
            if passage.n_words(items) <= _MAX_LIST_WORDS:
                found |= items
    return found


def _is_same_paragraph(units: Sequence[Unit], one: int, other: int) -> bool:
    return units[one].kind == units[other].kind and units[one].block == units[other].block


def _best_list(passage: _Passage, best_score: float) -> set[int] | None:
    """Return the list that answers a question for a list with its lead-in, None if none does.

    It is the list of which the lead-in or an item is nearly as good as the best unit.
    """
    candidates: list[tuple[float, int, set[int]]] = []
    for position, unit in enumerate(passage.units):
        if unit.kind != Kind.ITEM or (position and passage.units[position - 1].kind == Kind.ITEM):
            continue
        items = _list_around(passage.units, position)
        whole = items | ({unit.lead} if unit.lead >= 0 else set())
        score = max(passage.scores[each] for each in whole)
        fits = passage.n_words(whole) <= _MAX_LIST_WORDS
        if len(items) > 1 and fits and score >= best_score - _NEARLY_AS_GOOD / 2:
            candidates.append((score, -position, whole))
    return max(candidates)[2] if candidates else None


def _list_around(units: Sequence[Unit], position: int) -> set[int]:
    """Return the positions of the items of the list to which an item belongs; empty if none."""
    if units[position].kind != Kind.ITEM:
        return set()
    first = last = position
    while first and units[first - 1].kind == Kind.ITEM:
        first -= 1
    while last + 1 < len(units) and units[last + 1].kind == Kind.ITEM:
        last += 1
    return set(range(first, last + 1))


def _as_extraction(passage: _Passage, chosen: set[int], score: float) -> Extraction:
    """Return the chosen units as spans; those that follow one another in a block are one span."""
    spans: list[tuple[int, int]] = []
    header: tuple[int, int] | None = None
    previous = -2
    for position in sorted(chosen):
        unit = passage.units[position]
        if unit.kind == Kind.ROW and unit.lead >= 0:
            above = passage.units[unit.lead]
            header = (above.start, above.end)
        joins = position == previous + 1 and unit.kind != Kind.ROW
        if joins:
            spans[-1] = (spans[-1][0], unit.end)
        else:
            spans.append((unit.start, unit.end))
        previous = position
    return Extraction(tuple(spans), score, header)
