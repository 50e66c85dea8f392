"""Decides whether passages support a sentence: a logistic function of how it compares with them.

``python -m bench.verification --fit`` writes the coefficients (``coefficients.py``), from sentences
whose truth is known. The window that has most of the sentence decides. A sentence of which no
window has most is also read as two facts, each with a window of its own; the weaker one decides.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

from retrieval.verification.alignment import Alignment, align
from retrieval.verification.coefficients import COEFFICIENTS, INTERCEPT
from retrieval.verification.features import Comparison, Features, compare
from retrieval.verification.passages import ReadPassage
from retrieval.verification.texts import ReadText

# Windows with nearly as much of the sentence as the best one are compared too. One with much less
# would contradict it less, as it says something else.
_NEARLY = 0.1
# From this alignment on, a sentence is one fact.
_ONE_FACT = 0.85
_MOST_SPLITS = 4
# Only the windows that share most words are aligned.
_ALIGNED = 8
_LARGEST = 30.0
NAMES = tuple(each.name for each in fields(Features))


@dataclass(frozen=True, slots=True)
class Support:
    """How well one of several passages supports a sentence.

    ``probability`` in [0, 1]; ``passage`` is the position of the best one. The comparison is that
    of the part that is least supported; ``alignment`` how much of it is in the window.
    """

    probability: float
    passage: int
    alignment: float
    comparison: Comparison


def support(said: ReadText, passages: Sequence[ReadPassage]) -> Support | None:
    """Return how well the best of the passages supports a sentence; None without any window."""
    best: Support | None = None
    for parts in readings(said, passages):
        found = [max(candidates, key=lambda each: each.probability) for candidates in parts]
        weakest = min(found, key=lambda each: each.probability)
        if best is None or weakest.probability > best.probability:
            best = weakest
    return best


def readings(said: ReadText, passages: Sequence[ReadPassage]) -> Iterator[list[list[Support]]]:
    """Yield the ways to read a sentence: as one fact, as two; of each fact, what may support it."""
    whole = candidates(said, passages)
    if not whole:
        return
    yield [whole]
    if max(each.alignment for each in whole) < _ONE_FACT:
        for parts in two_facts(said):
            yield [candidates(part, passages) for part in parts]


def candidates(said: ReadText, passages: Sequence[ReadPassage]) -> list[Support]:
    """Return the comparisons with the windows that have nearly most of a sentence."""
    aligned = [
        (each, position)
        for position, passage in enumerate(passages)
        for each in _alignments(said, passage)
    ]
    best = max((each.rank for each, _position in aligned), default=0.0)
    found = []
    for each, position in aligned:
        if each.rank >= best - _NEARLY:
            compared = compare(said, each, passages[position])
            found.append(Support(probability(compared.features), position, each.rank, compared))
    return found


def two_facts(said: ReadText) -> Iterator[tuple[ReadText, ReadText]]:
    """Yield the ways to read a sentence as two facts, each with words or quantities of its own."""
    for clause in said.clauses[1 : _MOST_SPLITS + 1]:
        first = ReadText(said.text[: clause.start], given=said.given)
        second = ReadText(said.text[clause.start :], given=said.given)
        if min(len(each.terms) + len(each.quantities) for each in (first, second)) >= 2:
            yield first, second


def probability(features: Features) -> float:
    """Return the probability that a window supports a sentence."""
    evidence = INTERCEPT + sum(COEFFICIENTS[name] * getattr(features, name) for name in NAMES)
    return 1 / (1 + math.exp(-max(-_LARGEST, min(_LARGEST, evidence))))


def _alignments(said: ReadText, passage: ReadPassage) -> list[Alignment]:
    """Return the alignments with the windows of a passage that share most words with a sentence."""

    def shared(position: int) -> tuple[int, int]:
        window = passage.windows[position]
        return -len(said.terms & window.terms) - sum(map(window.has, said.quantities)), (
            window.end - window.start
        )

    order = sorted(range(len(passage.windows)), key=shared)
    aligned = [align(said, passage.windows[place], passage) for place in order[:_ALIGNED]]
    return [each for each in aligned if not any(_is_within(other, each) for other in aligned)]


def _is_within(other: Alignment, each: Alignment) -> bool:
    """Whether a shorter window has as much of the sentence."""
    inside, around = other.window, each.window
    is_shorter = inside.end - inside.start < around.end - around.start
    return (
        is_shorter
        and around.start <= inside.start
        and inside.end <= around.end
        and other.share >= each.share
    )
