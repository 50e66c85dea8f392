"""What speaks for and against a window of a passage as the source of a sentence, as numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from retrieval.verification.alignment import Alignment, align, has_quantity, light_terms, weights_of
from retrieval.verification.clauses import Clause
from retrieval.verification.contraries import contraries
from retrieval.verification.names import is_initials, words
from retrieval.verification.passages import ReadPassage, Window
from retrieval.verification.quantities.quantity import Quantity
from retrieval.verification.roles import DETERMINERS, reversed_roles
from retrieval.verification.slots import compare_slots
from retrieval.verification.synonyms import synonyms
from retrieval.verification.texts import ReadText
from retrieval.verification.wording import Wording, wording

_NAME_BEGINNING = 4
# Of the terms of a statement, the share that another one must have to be compared with it.
_COMPARABLE = 0.5
_MOST = 2
# Free paraphrases have so much of their words from elsewhere, what is invented more.
_FOREIGN = 0.45
# One other word in a copied sentence says more than several in one that is put in other words.
_COPIED_POWER = 2
_WHOLLY_COPIED_POWER = 4
# What refers to the sentence before, at the beginning of the next one.
_REFERRING_WORDS = (
    "il ils elle elles son sa ses leur leurs ce cet cette ces celui celle ceux y "
    "it its he his she her they their them this these that those we such"
)
_REFERRING = frozenset(_REFERRING_WORDS.split())
_BEGINNING_WORDS = 6
_BEFORE_INFINITIVES = frozenset({"a", "d", "de", "pour", "sans"})
_INFINITIVES = ("er", "ir", "re")


@dataclass(frozen=True, slots=True)
class Features:
    """What is compared of a sentence and a window; shares are of its words, in [0, 1].

    ``foreign``: how far the share of its words and quantities that the window has is below that of
    free paraphrases; ``other_rows``: how many words only other rows of a table have, when the
    window is a row; ``quantities``, ``names``: how many of them are lacking; ``misplaced_names``:
    how many names are elsewhere in the passage. All counts are at most 2. ``denied``: the share of
    the statements that are affirmative where the window is negative, or the reverse; ``force``: the
    share that requires where it permits, or the reverse; ``limits``: whether a least quantity is a
    greatest one there; ``bonds``: the share of words that stand with another quantity there;
    ``replaced``, ``replaced_beside``, ``exchanged``: see ``slots``; what is replaced counts less
    where more of the sentence is put in other words. ``contraries``: how many words have their
    contrary there; ``spread``: how much more of the sentence the window has than one of its units,
    ``spread_referring`` where one refers to the unit before it; ``roles``: see ``roles``;
    ``other_nouns``: how many nouns the passage lacks, in a sentence that is copied otherwise.
    """

    foreign: float
    other_rows: float
    quantities: float
    names: float
    misplaced_names: float
    denied: float
    force: float
    limits: float
    bonds: float
    replaced: float
    replaced_beside: float
    exchanged: float
    contraries: float
    spread: float
    spread_referring: float
    roles: float
    other_nouns: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A sentence and a window: the features, and what differs, for the reader."""

    said: ReadText
    window: Window
    features: Features
    missing: tuple[Quantity, ...]
    missing_names: tuple[str, ...]
    # As they are typed in the sentence.
    unknown_words: tuple[str, ...]
    # Folded words, each with its contrary in the window.
    turned: tuple[tuple[str, str], ...]


def compare(said: ReadText, aligned: Alignment, passage: ReadPassage) -> Comparison:
    """Return how a sentence compares with a window of a passage."""
    window, worth = aligned.window, aligned.worth
    missing = [each for each in said.quantities if not has_quantity(each, window, passage)]
    lacking = missing_names(said, passage)
    unknown = {term for term, word in said.typed.items() if not _is_known(term, word, passage)}
    misplaced = {term for term in worth if not worth[term]} - unknown
    denied, force = _wordings(said, window)
    turned = contraries(said.words, window.words)
    if denied and turned and not any(wording(word).is_negative for pair in turned for word in pair):
        # "Not open" is "closed"; "refused" denies "accepted" by itself.
        denied, turned = 0.0, []
    spread = _spread(said, aligned, passage)
    refers = spread > 0 and _refers(window, passage)
    odd = _nouns(said) & unknown - light_terms()
    copied = _copied(said, aligned)
    slots = compare_slots(
        said.slots,
        window.slots,
        ours=said.terms,
        known=window.terms,
        alike=frozenset(term for term, value in worth.items() if value),
    )
    features = Features(
        foreign=max(0.0, 1 - aligned.share / _FOREIGN),
        other_rows=_count(misplaced & passage.row_terms if window.body.is_row else ()),
        quantities=_count(missing),
        names=_count(lacking),
        misplaced_names=_count(_misplaced_names(said, window, passage)),
        denied=denied,
        force=force,
        limits=float(_limits_differ(said, window.body)),
        bonds=_bonds(said, window.body),
        replaced=min(_MOST, slots.replaced) * copied**_COPIED_POWER,
        replaced_beside=float(min(_MOST, slots.replaced_beside)),
        exchanged=float(min(_MOST, slots.exchanged)),
        contraries=_count(turned),
        spread=0.0 if refers else spread,
        spread_referring=spread if refers else 0.0,
        roles=0.0
        if window.is_list
        else _count(range(reversed_roles(said.pivots, window.body.pivots))),
        other_nouns=0.0 if window.body.is_row else _count(odd) * copied**_WHOLLY_COPIED_POWER,
    )
    typed = tuple(said.typed[term] for term in said.typed if term in unknown)
    return Comparison(said, window, features, tuple(missing), tuple(lacking), typed, tuple(turned))


def missing_names(said: ReadText, passage: ReadPassage) -> list[str]:
    """Return the names and acronyms of a sentence that a passage lacks."""
    found, known = passage.whole.words, passage.whole.word_set
    lacking = [
        each
        for each in said.acronyms
        if not known.issuperset(words(each)) and not is_initials(each, found)
    ]
    beginnings = {word[:_NAME_BEGINNING] for word in known if len(word) >= _NAME_BEGINNING}
    return lacking + [
        name
        for name in said.names
        if not all(each in known or each[:_NAME_BEGINNING] in beginnings for each in words(name))
    ]


def _is_known(term: int, word: str, passage: ReadPassage) -> bool:
    text = passage.whole
    return (
        term in text.all_terms
        or text.has_alike(word)
        or not text.all_terms.isdisjoint(synonyms().get(term, ()))
        or (word.isupper() and is_initials(word, text.words))
    )


def _misplaced_names(said: ReadText, window: Window, passage: ReadPassage) -> list[str]:
    """Return the names of a sentence that are in the passage, but not in the window."""
    near = [window.body.word_set, window.lead.word_set, window.heading.word_set]
    known = frozenset[str]().union(*near, passage.above.word_set)
    return [
        name
        for name in (*said.acronyms, *said.names)
        if not known.issuperset(words(name)) and passage.whole.word_set.issuperset(words(name))
    ]


def _wordings(said: ReadText, window: Window) -> tuple[float, float]:
    """Return the shares of the statements that are denied, and that have another force."""
    total = denied = force = 0.0
    for terms, ours in said.statements:
        source = _nearest(terms, window.body.statements)
        total += len(terms)
        if source is not None:
            denied += len(terms) * ours.contradicts(source)
            # A row of a table has no verb.
            force += len(terms) * (0 if window.body.is_row else ours.changes_force(source))
    return (denied / total, force / total) if total else (0.0, 0.0)


def _nearest(
    terms: frozenset[int], sources: Sequence[tuple[frozenset[int], Wording]]
) -> Wording | None:
    """Return the wording of the statement that shares most terms, None if it shares few."""
    if not terms or not sources:
        return None
    found, source = max(sources, key=lambda each: len(each[0] & terms) / (3 + len(each[0])) ** 0.5)
    return source if len(found & terms) >= _COMPARABLE * min(len(terms), len(found)) else None


def _limits_differ(said: ReadText, body: ReadText) -> bool:
    for each, ours in zip(said.quantities, said.limits, strict=True):
        if ours is None:
            continue
        pairs = zip(body.quantities, body.limits, strict=True)
        theirs = {limit for other, limit in pairs if each.equals(other)}
        if theirs and ours not in theirs and None not in theirs:
            return True
    return False


def _bonds(said: ReadText, body: ReadText) -> float:
    """Return the largest share of the words with a quantity that stand with another one there."""
    worst = 0.0
    for clause in said.clauses:
        for each in clause.quantities:
            if not any(each.equals(other) for other in body.quantities):
                continue
            found = [_is_bound(clause, each, term, body.clauses) for term in clause.terms]
            known = [bond for bond in found if bond is not None]
            if known:
                worst = max(worst, known.count(False) / len(known))
    return worst


def _is_bound(
    clause: Clause, quantity: Quantity, term: int, there: Sequence[Clause]
) -> bool | None:
    """Whether a term stands with a quantity; None when it stands with none of its kind."""
    beside = [other for each in there if term in each.terms for other in each.quantities]
    if any(quantity.equals(other) for other in beside):
        return True
    others = [other for other in beside if not any(q.equals(other) for q in clause.quantities)]
    return False if any(quantity.is_comparable(other) for other in others) else None


def _nouns(said: ReadText) -> set[int]:
    """Return the terms that stand after an article or a preposition; no French infinitives."""
    pairs = pairwise(said.terms_of_words)
    return {
        term
        for (before, _), (word, term) in pairs
        if term is not None
        and before in DETERMINERS
        and not (before in _BEFORE_INFINITIVES and word.endswith(_INFINITIVES))
    }


def _copied(said: ReadText, aligned: Alignment) -> float:
    """Return the share of a sentence, the nouns that a window lacks left out, that it has."""
    weights = weights_of(said)
    total = sum(weights.values()) + len(said.quantities)
    odd = {term for term in _nouns(said) if not aligned.worth.get(term, 1.0)} - light_terms()
    others = total - sum(weights[term] for term in odd)
    return min(1.0, aligned.share * total / others) if others > 0 else 0.0


def _spread(said: ReadText, aligned: Alignment, passage: ReadPassage) -> float:
    window = aligned.window
    if window.n_units == 1 or window.is_list:
        return 0.0
    alone = (
        align(said, each, passage).share
        for each in passage.windows
        if each.n_units == 1 and window.start <= each.start and each.end <= window.end
    )
    return aligned.share - max(alone, default=aligned.share)


def _refers(window: Window, passage: ReadPassage) -> bool:
    """Whether a unit of a window, but the first, refers to the one before it."""
    return any(
        not _REFERRING.isdisjoint(each.body.words[:_BEGINNING_WORDS])
        for each in passage.windows
        if each.n_units == 1 and window.start < each.start and each.end <= window.end
    )


def _count(found: Iterable[object]) -> float:
    return float(min(_MOST, len(list(found))))
