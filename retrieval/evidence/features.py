"""What speaks for a passage as the source of an answer, as a handful of numbers.

A passage that only shares the subject of a question has some of its words, scattered; one that
answers it has them together, in a *window*: a unit of the passage (``retrieval.evidence.units``) or
up to three that follow one another, with the heading and the lead-in above them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ingestion.indexing import lexical
from ingestion.parsing.text.language import likely_language
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
    if question.language and likely_language(text[:_LANGUAGE_CHARS]) not in (
        None,
        question.language,
    ):
        return TranslatedFeatures(dense=dense, lexical=bm25 / query.best_bm25)
    weights = term_weights(question, query)
    total = sum(weights.values()) or 1.0
    units = passage_units(text)
    above = frozenset(lexical.analyse(context))
    terms = [frozenset(lexical.analyse(text[unit.start : unit.end])) for unit in units]
    found = above.union(*terms)
    best = best_window(units, terms, weights, above)
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


def best_window(
    units: Sequence[Unit],
    terms: Sequence[frozenset[int]],
    weights: Mapping[int, float],
    above: frozenset[int],
) -> Window:
    """Return the shortest window that holds most of the weight; words above it count half.

    ``terms`` are those of each unit, ``above`` those of the document's title and of the passage's
    headings.
    """
    total = sum(weights.values()) or 1.0
    terms = [found & weights.keys() for found in terms]
    best = Window(0, max(len(units) - 1, 0), 0.0) if units else Window(0, 0, 0.0)
    for first, last in windows(units):
        inside = set().union(*terms[first : last + 1])
        around = set(above & weights.keys())
        for unit in units[first : last + 1]:
            for place in (unit.lead, unit.heading):
                if place >= 0:
                    around |= terms[place]
        held = sum(weights[term] for term in inside)
        held += 0.5 * sum(weights[term] for term in around - inside)
        share = held / total - 0.01 * (last - first)
        if share > best.share:
            best = Window(first, last, share)
    return best


def windows(units: Sequence[Unit]) -> Iterator[tuple[int, int]]:
    """Yield the first and last position of each window of quotable units, short ones first."""
    for length in range(WINDOW_UNITS):
        for first in range(len(units) - length):
            run = units[first : first + length + 1]
            if (length == 0 or run[-1].end - run[0].start <= _WINDOW_CHARS) and all(
                unit.is_quotable for unit in run
            ):
                yield first, first + length
