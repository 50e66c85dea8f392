"""Who does what: "a guarantor provides a student" for "students provide a guarantor".

A *pivot* is a word that relates what is before it to what is after it: a verb, or a conjunction
that tells conditions and order ("if", "puis"). The roles are reversed where a word before a pivot
is after the same one in the source, and a word after it before. The passive exchanges them itself,
so only pivots of one voice are compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass

# Within how many words of a pivot its roles are looked for.
_NEAR = 2
_BEFORE_NOUNS = (
    "le la les l un une des du de d au aux en par pour sur dans chez sans avec son sa ses leur "
    "leurs ce cette ces the a an of by in on for with at from its their this that these every each"
)
DETERMINERS = frozenset(_BEFORE_NOUNS.split())
_BE_WORDS = "is are was were be been being est sont soit soient etre ete"
_BE = frozenset(_BE_WORDS.split())
_BY = frozenset({"by", "par"})
_CONJUNCTION_WORDS = "if then puis avant apres before after si unless sauf"
_CONJUNCTIONS = frozenset(_CONJUNCTION_WORDS.split())


@dataclass(frozen=True, slots=True)
class Pivot:
    """A pivot with the terms before and after it, in order; ``key`` is its term or conjunction."""

    key: int | str
    is_passive: bool
    before: tuple[int, ...]
    after: tuple[int, ...]


def read_pivots(words: Sequence[tuple[str, int | None]]) -> list[Pivot]:
    """Return the words of a text that may be pivots; none stands after a determiner.

    ``words`` are the words in order, each with its term, None for a stop word.
    """
    found = []
    for place, (word, term) in enumerate(words):
        is_conjunction = word in _CONJUNCTIONS
        if term is None and not is_conjunction:
            continue
        if not is_conjunction and place and words[place - 1][0] in DETERMINERS:
            continue
        near = [each for each, _term in words[max(0, place - 2) : place]]
        following = [each for each, _term in words[place + 1 : place + 3]]
        is_passive = not _BE.isdisjoint(near) or not _BY.isdisjoint(following)
        before = tuple(each for _word, each in words[:place] if each is not None)
        after = tuple(each for _word, each in words[place + 1 :] if each is not None)
        key = word if is_conjunction or term is None else term
        found.append(Pivot(key, is_passive and not is_conjunction, before, after))
    return found


def reversed_roles(said: Sequence[Pivot], source: Sequence[Pivot]) -> int:
    """Return at how many pivots of a sentence its source has the roles the other way round."""
    places: dict[tuple[int | str, bool], list[Pivot]] = {}
    for each in source:
        places.setdefault((each.key, each.is_passive), []).append(each)
    return sum(
        any(_is_reversed(each, other) for other in places.get((each.key, each.is_passive), ()))
        for each in said
    )


def _is_reversed(said: Pivot, source: Pivot) -> bool:
    before, after = set(source.before), set(source.after)
    first = set(said.before[-_NEAR:]) & after - before
    last = set(said.after[:_NEAR]) & before - after
    return bool(first and last)
