"""What speaks for a passage as the source of an answer, as a handful of numbers.

A passage that only shares the subject of a question has some of its words, scattered; one that
answers it has them together, in a *window*: a unit of the passage (``retrieval.evidence.units``) or
up to three that follow one another, with the heading and the lead-in above them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from ingestion.indexing import lexical
from ingestion.parsing.text.language import likely_language
from retrieval.acronyms import with_other_form
from retrieval.evidence.definitions import defines
from retrieval.evidence.questions import AnswerKind, AskedQuestion, holds_answer
from retrieval.evidence.units import Unit, passage_units
from retrieval.fusion import WeightedQuery

WINDOW_UNITS = 3
# Enough to tell the language of a passage.
_LANGUAGE_CHARS = 600
# About three sentences.
_WINDOW_CHARS = 600


@dataclass(frozen=True, slots=True)
class Features:
    """What speaks for a passage; shares are of the idf of the question's terms, in [0, 1].

    ``dense`` is by how many σ its cosine exceeds that of an unrelated one; ``window`` and
    ``passage`` the share in the best window, and in the passage with its headings and title;
    ``specifics`` the share of the acronyms, numbers and names of the question that are in it, 1
    without any; ``kind`` whether the window holds what answers (a numeral, a date, a name), 1 when
    anything may; ``definition`` whether a unit defines the term of which the question asks the
    meaning, 1 for other questions.
    """

    dense: float
    window: float
    passage: float
    specifics: float
    kind: float
    definition: float


@dataclass(frozen=True, slots=True)
class TranslatedFeatures:
    """What speaks for a passage in another language than the question, with which it shares names.

    ``dense`` is as in ``Features``; ``lexical`` the share of the best possible BM25.
    """

    dense: float
    lexical: float


@dataclass(frozen=True, slots=True)
class Window:
    """The units ``first`` to ``last`` of a passage and the share of the question's idf in them."""

    first: int
    last: int
    share: float


@dataclass(frozen=True, slots=True)
class ReadPassage:
    """A passage: its language, its units, and the terms of each unit.

    ``windows`` are the first and the last unit of each, and the positions of what is above it.
    """

    language: str | None
    units: tuple[Unit, ...]
    terms: tuple[tuple[int, ...], ...]
    windows: tuple[tuple[int, int, tuple[int, ...]], ...]


def measure(
    question: AskedQuestion,
    query: WeightedQuery,
    *,
    dense: float,
    bm25: float,
    text: str,
    context: str,
) -> Features | TranslatedFeatures:
    """Return the features of a passage; ``context`` is its document's title and its headings.

    ``dense`` is in σ above an unrelated passage, ``bm25`` the score of the passage.
    """
    passage = read_passage(text)
    if question.language and passage.language not in (None, question.language):
        return TranslatedFeatures(dense=dense, lexical=bm25 / query.best_bm25)
    weights = term_weights(question, query)
    total = sum(weights.values()) or 1.0
    units = passage.units
    above = with_other_form(lexical.analyse(context), query.acronyms)
    held_terms = passage.terms
    if query.acronyms:
        held_terms = tuple(tuple(with_other_form(each, query.acronyms)) for each in held_terms)
        passage = replace(passage, terms=held_terms)
    found = above.union(*held_terms)
    best = best_window(passage, weights, above)
    held = text[units[best.first].start : units[best.last].end] if units else text
    missing = question.specifics - found
    is_definition = question.kind == AnswerKind.DEFINITION
    return Features(
        dense=dense,
        window=best.share,
        passage=sum(weight for term, weight in weights.items() if term in found) / total,
        specifics=1 - len(missing) / len(question.specifics) if question.specifics else 1.0,
        kind=float(holds_answer(question, held)),
        definition=float(
            not is_definition
            or any(defines(question.defined, text[u.start : u.end]) for u in units if u.is_quotable)
        ),
    )


def term_weights(question: AskedQuestion, query: WeightedQuery) -> dict[int, float]:
    """Return the idf of each term of the question, those that the instance never uses included."""
    return {term: query.terms.get(term, query.unseen_idf) for term in question.terms}


@lru_cache(maxsize=512)
def read_passage(text: str) -> ReadPassage:
    """Return what does not depend on the question; that of the last passages is kept."""
    units = passage_units(text)
    return ReadPassage(
        language=likely_language(text[:_LANGUAGE_CHARS]),
        units=units,
        terms=tuple(tuple(lexical.analyse(text[unit.start : unit.end])) for unit in units),
        windows=tuple(
            (first, last, _places_above(units[first : last + 1])) for first, last in windows(units)
        ),
    )


def best_window(
    passage: ReadPassage, weights: Mapping[int, float], above: frozenset[int]
) -> Window:
    """Return the shortest window that holds most of the weight; words above it count half.

    ``above`` are the terms of the document's title and of the passage's headings.
    """
    total = sum(weights.values()) or 1.0
    best = Window(0, max(len(passage.units) - 1, 0), 0.0)
    # A set of terms of the question is a number, of which each term is a bit.
    bits = {term: 1 << place for place, term in enumerate(weights)}
    held = [_bits_of(terms, bits) for terms in passage.terms]
    outside = _bits_of(above, bits)
    shares: dict[tuple[int, int], float] = {}
    for first, last, places in passage.windows:
        inside = around = 0
        for bit in held[first : last + 1]:
            inside |= bit
        for place in places:
            around |= held[place]
        around = (around | outside) & ~inside
        if (inside, around) not in shares:
            weight = _weight(inside, bits, weights) + 0.5 * _weight(around, bits, weights)
            shares[inside, around] = weight / total
        share = shares[inside, around] - 0.01 * (last - first)
        if share > best.share:
            best = Window(first, last, share)
    return best


def _bits_of(terms: Iterable[int], bits: Mapping[int, int]) -> int:
    found = 0
    for term in terms:
        found |= bits.get(term, 0)
    return found


def _weight(found: int, bits: Mapping[int, int], weights: Mapping[int, float]) -> float:
    return sum(weight for term, weight in weights.items() if found & bits[term])


def _places_above(units: Sequence[Unit]) -> tuple[int, ...]:
    """Return the positions of what introduces these units: lead-ins and headings."""
    places = {place for unit in units for place in (unit.lead, unit.heading) if place >= 0}
    return tuple(sorted(places))


def windows(units: Sequence[Unit]) -> Iterator[tuple[int, int]]:
    """Yield the first and last position of each window of quotable units, short ones first."""
    for length in range(WINDOW_UNITS):
        for first in range(len(units) - length):
            run = units[first : first + length + 1]
            if (length == 0 or run[-1].end - run[0].start <= _WINDOW_CHARS) and all(
                unit.is_quotable for unit in run
            ):
                yield first, first + length
