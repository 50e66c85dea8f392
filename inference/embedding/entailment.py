"""Whether a text follows from another one, by a model of entailment (NLI) at any server.

The request is that of TEI's ``/predict`` for sequence classification (docs/model-servers.md); our
model server speaks it too.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from inference.clearance import check_clearance
from inference.embedding.exchange import (
    Call,
    Exchange,
    call_with_retries,
    perform,
    read_processor_seconds,
)
from inference.embedding.reading_endpoint import ReadingEndpoint
from inference.errors import ProtocolError
from inference.llm.tokens import estimate_tokens
from inference.offered_models import ModelFigures
from inference.token_usage import TokenUsage
from instances.models import Sensitivity

# An answer waits for it, and is complete without it.
TIMEOUT_S = 5.0
_LABELS = ("entail", "contradict")


@dataclass(frozen=True)
class EntailmentEndpoint(ReadingEndpoint):
    """A server of a model of entailment, of the settings ENTAILMENT_*."""

    prefix: ClassVar[str] = "ENTAILMENT"
    timeout_s: float = TIMEOUT_S


@dataclass(frozen=True, slots=True)
class Pair:
    """A text, and another one that may follow from it."""

    premise: str
    hypothesis: str


@dataclass(frozen=True, slots=True)
class Entailment:
    """The probabilities that a hypothesis follows from its premise, and that it contradicts it."""

    entails: float
    contradicts: float


@dataclass(frozen=True, slots=True)
class Entailments:
    """The entailment of each pair, in their order; the other fields are those of ``Relevances``."""

    pairs: list[Entailment]
    processor_seconds: float = 0.0
    server: ModelFigures | None = None
    tokens: TokenUsage | None = None


def entail(
    endpoint: EntailmentEndpoint, pairs: Sequence[Pair], *, sensitivity: Sensitivity
) -> Entailments:
    """Return the entailment of each pair. Raises InferenceError.

    ``sensitivity`` is the highest level of the texts.
    """
    return perform(_entail(endpoint, pairs, sensitivity))


def _entail(
    endpoint: EntailmentEndpoint, pairs: Sequence[Pair], sensitivity: Sensitivity
) -> Exchange[Entailments]:
    if not pairs:
        return Entailments([])
    check_clearance(f"{endpoint.model} of {endpoint.base_url}", endpoint.clearance, [sensitivity])
    call = Call(
        url=f"{endpoint.base_url.rstrip('/')}/predict",
        api_key=endpoint.api_key,
        payload={
            "model": endpoint.model,
            "inputs": [[pair.premise, pair.hypothesis] for pair in pairs],
            "truncate": True,
        },
        timeout_s=endpoint.timeout_s,
    )
    answer = yield from call_with_retries(call, max_wait_s=0.0)
    found, seconds = _read(answer, len(pairs)), read_processor_seconds(answer)
    if seconds is not None:
        return Entailments(found, seconds)
    n_tokens = sum(estimate_tokens(f"{pair.premise} {pair.hypothesis}") for pair in pairs)
    tokens = TokenUsage(n_tokens, 0, estimated=True)
    return Entailments(found, 0.0, endpoint.figures, tokens)


def _read(answer: Any, n_pairs: int) -> list[Entailment]:
    """Read TEI's list, of each pair the labels with their scores, or ours in ``results``."""
    try:
        results = answer if isinstance(answer, list) else answer["results"]
        found = [{str(one["label"]).lower(): float(one["score"]) for one in row} for row in results]
    except (KeyError, TypeError, ValueError) as error:
        raise ProtocolError(f"not the labels of {n_pairs} pairs: {error!r}") from error
    if len(found) != n_pairs:
        raise ProtocolError(f"labels of {len(found)} pairs instead of {n_pairs}")
    return [_entailment(scores) for scores in found]


def _entailment(scores: Mapping[str, float]) -> Entailment:
    """Return the entailment by its labels; "not_entailment" is none of them."""
    if not all(map(math.isfinite, scores.values())):
        raise ProtocolError("a score is not a number")
    if not any(label.startswith(_LABELS[0]) for label in scores):
        raise ProtocolError(f"no label of entailment among {', '.join(scores)}")
    return Entailment(
        *(sum(s for label, s in scores.items() if label.startswith(name)) for name in _LABELS)
    )
