"""What is found of a sentence: supported, supported by another passage, or not, with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ingestion.indexing.lexical import fold, words_of
from ingestion.parsing.text.language import likely_language
from retrieval.verification.coefficients import COEFFICIENTS
from retrieval.verification.decision import NAMES, Support, candidates, support
from retrieval.verification.features import Comparison
from retrieval.verification.passages import ReadPassage
from retrieval.verification.quantities.quantity import Quantity
from retrieval.verification.quantities.reading import quantities
from retrieval.verification.texts import ReadText

SUPPORTED = 0.5
# Between these, nothing in the words of a sentence decides for sure.
_SURELY_NOT, _SURELY = 0.05, 0.85
# Another passage must support a sentence more clearly, as there are several.
_MOVED, _MOVED_ALIGNMENT = 0.6, 0.3
# Below these alignments, a passage has nothing to do with a sentence.
_UNRELATED = 0.25
# A sentence says something from so many words and quantities on.
_SHORTEST = 2


class Outcome(StrEnum):
    """What was found of a sentence."""

    SUPPORTED = "supported"
    # By another passage than the one it cites.
    MOVED = "moved"
    UNSUPPORTED = "unsupported"
    # It says too little, or in another language than the passages.
    UNCHECKED = "unchecked"


class Reason(StrEnum):
    """Why a sentence is not supported."""

    QUANTITY = "quantity"
    NAME = "name"
    DENIED = "denied"
    FORCE = "force"
    LIMIT = "limit"
    ORDER = "order"
    CONTRARY = "contrary"
    WORDS = "words"
    # By a model of entailment.
    CONTRADICTED = "contradicted"


_REASONS = {
    "quantities": Reason.QUANTITY,
    "names": Reason.NAME,
    "misplaced_names": Reason.NAME,
    "denied": Reason.DENIED,
    "force": Reason.FORCE,
    "limits": Reason.LIMIT,
    "bonds": Reason.ORDER,
    "other_rows": Reason.ORDER,
    "exchanged": Reason.ORDER,
    "spread": Reason.ORDER,
    "spread_referring": Reason.ORDER,
    "roles": Reason.ORDER,
    "contraries": Reason.CONTRARY,
}


@dataclass(frozen=True, slots=True)
class Doubt:
    """What a model of entailment may decide: whether a sentence follows from ``premise``.

    ``quote`` is the part of the passage at position ``passage``, which the reader sees; ``cited``
    are the passages that the sentence cites.
    """

    premise: str
    quote: str
    passage: int
    cited: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome, and the positions of the passages that the sentence should cite.

    Of an unsupported sentence: the reason, what it says (``said``), what the passage says instead
    ("" when it says nothing of it) and the words of the passage with its position (-1: none).
    ``doubt`` is None where the outcome is sure.
    """

    outcome: Outcome
    cited: tuple[int, ...] = ()
    reason: Reason | None = None
    said: str = ""
    found: str = ""
    quote: str = ""
    passage: int = -1
    doubt: Doubt | None = None


def check(
    sentence: str,
    cited: Sequence[int],
    passages: Sequence[ReadPassage],
    *,
    question: str = "",
    lead: str = "",
) -> Verdict:
    """Return what is found of a sentence that cites the passages at the given positions.

    One that cites none is compared with all of them. Quantities of the question need no passage.
    ``lead`` introduces the list of which the sentence is an item.
    """
    said = ReadText(sentence, lead, given=tuple(quantities(question)))
    among = tuple(cited) or tuple(range(len(passages)))
    if len(said.terms) + len(said.quantities) < _SHORTEST or not among:
        return Verdict(Outcome.UNCHECKED, tuple(cited))
    if _is_translated(sentence, [passages[position] for position in among]):
        return _check_translated(said, tuple(cited), among, passages)
    best = support(said, [passages[position] for position in among])
    if best is not None and best.probability >= SUPPORTED:
        related = _related(said, cited, passages, among[best.passage])
        return Verdict(Outcome.SUPPORTED, related, doubt=_doubt(best, among[best.passage], related))
    others = [position for position in range(len(passages)) if position not in among]
    other = support(said, [passages[position] for position in others])
    if other is not None and _is_moved(other, best):
        return Verdict(Outcome.MOVED, (others[other.passage],))
    if best is None or best.alignment < _UNRELATED:
        doubt = None if best is None else _doubt(best, among[best.passage], tuple(cited))
        return Verdict(Outcome.UNSUPPORTED, (), Reason.WORDS, doubt=doubt)
    return _unsupported(best, tuple(cited), among[best.passage])


def _is_moved(other: Support, best: Support | None) -> bool:
    """Whether another passage supports a sentence, and has more of it than those that it cites.

    One that has less only contradicts it less.
    """
    least = _MOVED_ALIGNMENT if best is None else max(_MOVED_ALIGNMENT, best.alignment)
    return other.probability >= _MOVED and other.alignment >= least


def _unsupported(best: Support, cited: tuple[int, ...], position: int) -> Verdict:
    compared = best.comparison
    features = compared.features
    lost = {name: COEFFICIENTS[name] * getattr(features, name) for name in NAMES}
    weight: dict[Reason, float] = {}
    for name, value in lost.items():
        reason = _REASONS.get(name, Reason.WORDS)
        weight[reason] = weight.get(reason, 0.0) + value
    reason = min(weight, key=lambda each: weight[each])
    said, found = _what_differs(reason, compared)
    return Verdict(
        Outcome.UNSUPPORTED,
        cited,
        reason,
        said,
        found,
        compared.window.text,
        position,
        _doubt(best, position, cited),
    )


def _doubt(best: Support, position: int, cited: tuple[int, ...]) -> Doubt | None:
    if not _SURELY_NOT <= best.probability <= _SURELY:
        return None
    window = best.comparison.window
    said = (window.heading.text, window.lead.text, window.body.text)
    return Doubt("\n".join(filter(None, said)), window.text, position, cited)


def _what_differs(reason: Reason, compared: Comparison) -> tuple[str, str]:
    """Return what the sentence says and what the passage says instead, as far as one can tell."""
    said = compared.said.text
    match reason:
        case Reason.QUANTITY if compared.missing:
            missing = compared.missing[0]
            return missing.written_in(said), _instead(missing, compared)
        case Reason.NAME if compared.missing_names:
            return compared.missing_names[0], ""
        case Reason.CONTRARY:
            ours, theirs = compared.turned[0]
            source = f"{compared.window.text} {compared.window.lead.text}"
            return _as_typed(ours, said), _as_typed(theirs, source)
        case Reason.WORDS:
            return ", ".join(compared.unknown_words), ""
    return "", ""


def _as_typed(folded: str, text: str) -> str:
    return next((word for word in words_of(text) if fold(word) == folded), folded)


def _instead(missing: Quantity, compared: Comparison) -> str:
    """Return the quantity of the window that the sentence should have said, "" if unclear."""
    body = compared.window.body
    others = [
        each
        for each in body.quantities
        if missing.is_comparable(each)
        and not any(each.equals(other) for other in compared.said.quantities)
    ]
    return others[0].written_in(body.text) if len(others) == 1 else ""


def _related(
    said: ReadText, cited: Sequence[int], passages: Sequence[ReadPassage], best: int
) -> tuple[int, ...]:
    """Return the cited passages that have something to do with a sentence; the best one always."""
    if len(cited) <= 1:
        return tuple(cited)
    return tuple(
        position
        for position in cited
        if position == best
        or max((each.alignment for each in candidates(said, [passages[position]])), default=0.0)
        >= _UNRELATED
    )


def _is_translated(sentence: str, passages: Sequence[ReadPassage]) -> bool:
    """Whether no passage is in the language of a sentence."""
    language = likely_language(sentence)
    found = {passage.language for passage in passages}
    return language is not None and None not in found and language not in found


def _check_translated(
    said: ReadText,
    cited: tuple[int, ...],
    among: Sequence[int],
    passages: Sequence[ReadPassage],
) -> Verdict:
    """Check the quantities only, which need no translation."""
    known = [each for position in among for each in passages[position].whole.quantities]
    for each in said.quantities:
        if each.is_exact and not any(each.equals(other, in_cell=True) for other in known):
            text = each.written_in(said.text)
            return Verdict(Outcome.UNSUPPORTED, cited, Reason.QUANTITY, text)
    return Verdict(Outcome.UNCHECKED, cited)
