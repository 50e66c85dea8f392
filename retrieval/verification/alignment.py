"""How much of a sentence is in a window of a passage."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from ingestion.indexing.lexical import analyse
from retrieval.verification.names import is_initials
from retrieval.verification.passages import ReadPassage, Window
from retrieval.verification.quantities.quantity import Quantity
from retrieval.verification.synonyms import synonyms
from retrieval.verification.texts import ReadText

# What a word is worth that is not in the window itself: in its lead-in, above the passage, or only
# one that begins alike.
_LEAD, _ABOVE, _ALIKE = 0.95, 0.7, 0.7
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
    weights = weights_of(said)
    found = sum(has_quantity(each, window, passage) for each in said.quantities)
    total = sum(weights.values())
    share = (sum(weights[t] * worth[t] for t in worth) + found) / (
        (total + len(said.quantities)) or 1.0
    )
    return Alignment(share, share - _PER_UNIT * (window.n_units - 1), window, worth)


def weights_of(said: ReadText) -> dict[int, float]:
    """Return how much each term of a sentence counts."""
    light = light_terms()
    return {term: _LIGHT_WEIGHT if term in light else 1.0 for term in said.typed}


def has_quantity(quantity: Quantity, window: Window, passage: ReadPassage) -> bool:
    """Whether a window has a quantity, or a list of the passage as many items."""
    if window.has(quantity) or any(quantity.equals(other) for other in passage.above.quantities):
        return True
    is_count = not quantity.dimension and quantity.value in passage.list_sizes
    return is_count and not any(quantity.is_comparable(other) for other in window.body.quantities)


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
    if word.isupper() and is_initials(word, window.body.words):
        return _ABOVE
    return 0.0


@cache
def light_terms() -> frozenset[int]:
    """Return the terms that answers add whatever they say."""
    return frozenset(analyse(_LIGHT))
