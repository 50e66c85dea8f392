"""Acronyms in a question, expanded from the instance's own text, and the reverse.

"RPN" in a question also finds "règlement professionnel du notariat", where a document of the
instance says that the one stands for the other (``ingestion.indexing.acronyms``): in the lexical
leg, and in the evidence of a passage.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ingestion.indexing import lexical
from ingestion.indexing.acronyms import folded_words, written_acronyms

# How much of the weight of one form passes to the other (docs/decisions/048-acronyms.md).
SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Acronym:
    """An acronym and its long form: their terms, and which of the two the question has.

    ``short`` is empty for an acronym that is also a stop word ("CE").
    """

    short: frozenset[int]
    long: frozenset[int]
    is_short_asked: bool

    @property
    def asked(self) -> frozenset[int]:
        """The terms of the form that the question has."""
        return self.short if self.is_short_asked else self.long

    @property
    def added(self) -> frozenset[int]:
        """The terms of the other form."""
        return self.long if self.is_short_asked else self.short


def acronyms_in(question: str, known: Iterable[tuple[str, str]]) -> tuple[Acronym, ...]:
    """Return the acronyms of a question among those that are ``known``, as they were found."""
    written, words = set(written_acronyms(question)), folded_words(question)
    found = []
    for short, long in known:
        is_short, is_long = short in written, f" {long} " in words
        if is_short != is_long:
            terms = frozenset(lexical.analyse(short)), frozenset(lexical.analyse(long))
            found.append(Acronym(*terms, is_short))
    return tuple(each for each in found if each.added)


def with_other_forms(
    terms: Mapping[int, float],
    acronyms: Iterable[Acronym],
    idfs: Mapping[int, float],
    unseen_idf: float,
) -> dict[int, float]:
    """Return the weights of the question's terms, with those of the other forms.

    ``idfs`` are those of all terms that the instance uses. A share of the weight of a form passes
    to the other one: a passage that has both has no more than before.
    """
    weights = dict(terms)
    for acronym in acronyms:
        asked = sum(terms.get(term, unseen_idf) for term in acronym.asked) or unseen_idf
        used = {term: idfs[term] for term in acronym.added if term in idfs}
        total = sum(used.values())
        for term in acronym.asked & terms.keys() if used else ():
            weights[term] = (1 - SHARE) * terms[term]
        for term, idf in used.items():
            added = min(SHARE * asked * idf / total, idf)
            weights[term] = max(weights.get(term, 0.0), added)
    return weights


def with_other_form(terms: Iterable[int], acronyms: Iterable[Acronym]) -> frozenset[int]:
    """Return the terms of a text, with those of the question for which its other form stands."""
    held = frozenset(terms)
    for acronym in acronyms:
        if acronym.added <= held:
            held |= acronym.asked
    return held
