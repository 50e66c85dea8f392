"""What speaks for and against a window of a passage as the source of a sentence, as numbers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from ingestion.indexing.lexical import analyse
from retrieval.verification.clauses import Clause
from retrieval.verification.names import is_initials, words
from retrieval.verification.passages import ReadPassage, Window
from retrieval.verification.quantities.quantity import Quantity
from retrieval.verification.slots import compare_slots
from retrieval.verification.synonyms import synonyms
from retrieval.verification.texts import ReadText
from retrieval.verification.wording import Wording

# What a word is worth that is not in the window itself: in its lead-in, above the passage, or only
# one that begins alike.
_LEAD, _ABOVE, _ALIKE = 0.95, 0.7, 0.7
_NAME_BEGINNING = 4
# Of the terms of a statement, the share that another one must have to be compared with it.
_COMPARABLE = 0.5
_MOST = 2
# Of alignment, for each further unit of a window.
_PER_UNIT = 0.03
# Words that answers add whatever they say; what they allow or require is compared apart.
_LIGHT_WEIGHT = 0.35
_LIGHT = (
    "coûte coûtent payer paie donne donnent avoir aller mettre prendre prend contient comprend "
    "compte fournit valent vaut dure demander exiger possible nécessaire requis obligatoire "
    "interdit permis autorisé maximum minimum moins façon manière selon indique précise prévoit "
    "document passage règlement article cas reçoit obtenir faut cost costs pay pays paid need "
    "needs needed get gets give given take takes make contain contains include includes last lasts "
    "required possible allowed forbidden maximum minimum least according states document passage "
    "case receive"
)
_BEFORE_NOUNS = (
    "le la les l un une des du de d au aux en par pour sur dans chez sans avec son sa ses leur "
    "leurs ce cette ces the a an of by in on for with at from its their this that these every each"
)
_DETERMINERS = frozenset(_BEFORE_NOUNS.split())


@dataclass(frozen=True, slots=True)
class Features:
    """What is compared of a sentence and a window; shares are of its words, in [0, 1].

    ``lacking``: the square of the share of words and quantities that the window lacks;
    ``unknown``: the share that the whole passage lacks; ``misplaced``: the share that only other
    parts of the passage have; ``other_rows``: how many words only other rows of a table have, when
    the window is a row; ``unknown_nouns``: how many unknown words follow an article or a
    preposition. ``quantities``, ``names``: how many of them are lacking; ``misplaced_names``: how
    many names are elsewhere in the passage. All counts are at most 2. ``denied``: the share of the
    statements that are affirmative where the window is negative, or the reverse; ``force``: the
    share that requires where it permits, or the reverse; ``limits``: whether a least quantity is a
    greatest one there; ``bonds``: the share of words that stand with another quantity there;
    ``replaced``, ``replaced_beside``, ``exchanged``: see ``slots``.
    """

    lacking: float
    unknown: float
    misplaced: float
    other_rows: float
    unknown_nouns: float
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


@dataclass(frozen=True, slots=True)
class Alignment:
    """How much of a sentence is in a window: the ``share`` of its words and quantities.

    ``rank`` is less in windows of several units.
    """

    share: float
    rank: float
    window: Window
    # What each word is worth in the window, in [0, 1].
    worth: Mapping[int, float]


def align(said: ReadText, window: Window, passage: ReadPassage) -> Alignment:
    """Return how much of a sentence is in a window."""
    worth = {term: _worth(term, word, window, passage) for term, word in said.typed.items()}
    weights = _weights(said)
    found = sum(_has(each, window, passage) for each in said.quantities)
    total = sum(weights.values())
    share = (sum(weights[t] * worth[t] for t in worth) + found) / (
        (total + len(said.quantities)) or 1.0
    )
    return Alignment(share, share - _PER_UNIT * (window.n_units - 1), window, worth)


def compare(said: ReadText, aligned: Alignment, passage: ReadPassage) -> Comparison:
    """Return how a sentence compares with a window of a passage."""
    window, worth = aligned.window, aligned.worth
    weights = _weights(said)
    total = (sum(weights.values()) + len(said.quantities)) or 1.0
    missing = [each for each in said.quantities if not _has(each, window, passage)]
    lacking = missing_names(said, passage)
    unknown = {term for term, word in said.typed.items() if not _is_known(term, word, passage)}
    misplaced = {term for term in worth if not worth[term]} - unknown
    denied, force = _wordings(said, window)
    slots = compare_slots(
        said.slots,
        window.slots,
        ours=said.terms,
        known=window.terms,
        alike=frozenset(term for term, value in worth.items() if value),
    )
    features = Features(
        lacking=(1 - aligned.share) ** 2,
        unknown=sum(weights[t] for t in unknown) / total,
        misplaced=sum(weights[t] for t in misplaced) / total,
        other_rows=_count(misplaced & passage.row_terms if window.body.is_row else ()),
        unknown_nouns=_count(_nouns(said) & unknown - _light_terms()),
        quantities=_count(missing),
        names=_count(lacking),
        misplaced_names=_count(_misplaced_names(said, window, passage)),
        denied=denied,
        force=force,
        limits=float(_limits_differ(said, window.body)),
        bonds=_bonds(said, window.body),
        replaced=float(min(_MOST, slots.replaced)),
        replaced_beside=float(min(_MOST, slots.replaced_beside)),
        exchanged=float(min(_MOST, slots.exchanged)),
    )
    typed = tuple(said.typed[term] for term in said.typed if term in unknown)
    return Comparison(said, window, features, tuple(missing), tuple(lacking), typed)


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


def _weights(said: ReadText) -> dict[int, float]:
    light = _light_terms()
    return {term: _LIGHT_WEIGHT if term in light else 1.0 for term in said.typed}


def _worth(term: int, word: str, window: Window, passage: ReadPassage) -> float:
    if term in window.body.all_terms:
        return 1.0
    if term in window.lead.all_terms:
        return _LEAD
    if term in window.heading.all_terms or term in passage.above.all_terms:
        return _ABOVE
    if window.body.has_alike(word) or window.lead.has_alike(word):
        return _ALIKE
    if not window.terms.isdisjoint(synonyms().get(term, ())):
        return _ALIKE
    return 0.0


def _is_known(term: int, word: str, passage: ReadPassage) -> bool:
    text = passage.whole
    return (
        term in text.all_terms
        or text.has_alike(word)
        or not text.all_terms.isdisjoint(synonyms().get(term, ()))
        or (word.isupper() and is_initials(word, text.words))
    )


def _has(quantity: Quantity, window: Window, passage: ReadPassage) -> bool:
    """Whether a window has a quantity, or a list of the passage as many items."""
    if window.has(quantity) or any(quantity.equals(other) for other in passage.above.quantities):
        return True
    is_count = not quantity.dimension and quantity.value in passage.list_sizes
    return is_count and not any(quantity.is_comparable(other) for other in window.body.quantities)


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
    for terms, wording in said.statements:
        source = _nearest(terms, window.body.statements)
        total += len(terms)
        if source is not None:
            denied += len(terms) * wording.contradicts(source)
            # A row of a table has no verb.
            force += len(terms) * (not window.body.is_row and wording.changes_force(source))
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
    """Return the terms that stand after an article or a preposition."""
    pairs = pairwise(said.terms_of_words)
    return {term for (before, _), (_, term) in pairs if term is not None and before in _DETERMINERS}


@cache
def _light_terms() -> frozenset[int]:
    return frozenset(analyse(_LIGHT))


def _count(found: Iterable[object]) -> float:
    return float(min(_MOST, len(list(found))))
