"""Words that stand where a passage has another one: "par le doyen" for "par le directeur".

A *slot* is what comes before a word: the word before it when that has a meaning of its own, else
the two words before. A word of the sentence that the window lacks, in a slot where the window has a
word that the sentence lacks, *replaces* it. Two words that the sentence and the window both have,
in each other's slots, are *exchanged*. The beginning of a text is a slot too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

# After these, verbs and adjectives are freely rephrased.
_REPHRASED_AFTER = (
    "^ est sont etre etait sera seront ete a ont avoir is are was were be been being has have "
    "had not pas peut peuvent doit doivent may can must should will ne se s n y il elle on ils "
    "elles it they you vous qui que which who that and et ou or to"
)
_FREE = frozenset(_REPHRASED_AFTER.split())
_START = "^"
Slot = tuple[str, ...]
# "Par le doyen" is where "par la présidence" is.
_GROUPS = (
    "le la l les un une ce cette cet ces son sa ses leur leurs",
    "the a an this these its his her their your",
    "de du d des",
)
_ARTICLES = {word: group.split()[0] for group in _GROUPS for word in group.split()}


_OF = frozenset({"de", "of"})


@dataclass(frozen=True, slots=True)
class Slots:
    """How many words of a sentence replace another one, and how many are exchanged.

    ``replaced`` counts those after an article or a preposition, ``replaced_beside`` those after
    another word.
    """

    replaced: int
    replaced_beside: int
    exchanged: int


def compare_slots(
    slots: Sequence[tuple[Slot, int]],
    theirs: Mapping[Slot, set[int]],
    *,
    ours: frozenset[int],
    known: frozenset[int],
    alike: frozenset[int],
) -> Slots:
    """Compare the words of a sentence in its slots with those of a window.

    ``ours`` are the terms of the sentence, ``known`` those of the window, ``alike`` the terms of
    the sentence that are in the window in some form.
    """
    replaced: dict[int, int] = {}
    exchanged = set[frozenset[int]]()
    places: dict[int, list[Slot]] = {}
    for slot, term in slots:
        places.setdefault(term, []).append(slot)
    for slot, term in slots:
        there = theirs.get(slot)
        if not there or term in there:
            continue
        if term in known:
            exchanged |= {
                frozenset({term, other})
                for other in there & ours
                if any(term in theirs.get(place, ()) for place in places.get(other, ()))
            }
        elif term not in alike and slot[-1] not in _FREE and there - ours:
            replaced[term] = max(len(slot), replaced.get(term, 0))
    n_beside = sum(length == 1 for length in replaced.values())
    return Slots(len(replaced) - n_beside, n_beside, len(exchanged))


def read_slots(words: Iterable[tuple[str, int | None]]) -> Iterator[tuple[Slot, int]]:
    """Yield the words of a text that mean something, each after its slot.

    ``words`` are the words in order, each with its term, None for a stop word.
    """
    before: list[tuple[str, int | None]] = [(_START, None)]
    for typed, term in words:
        word = _ARTICLES.get(typed, typed)
        if term is not None:
            last, last_term = before[-1]
            if last_term is not None or len(before) == 1:
                yield (last,), term
            else:
                first, first_term = before[-2]
                yield (first, last), term
                if first_term is not None and last in _OF:
                    yield (first,), term
        before.append((word, term))
