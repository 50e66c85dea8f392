"""Lets a model of entailment decide about sentences of which rules are not sure, if one is set.

It overrules them only when it is sure itself (docs/decisions/051-entailment.md). A server that
fails or may not receive the passages changes nothing.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from chat.answers.verification.sentences import AnswerSentence
from inference.embedding.entailment import (
    Entailment,
    EntailmentEndpoint,
    Entailments,
    Pair,
    entail,
)
from inference.errors import InferenceError, NotCleared
from instances.models import Sensitivity
from retrieval.verification.verdicts import Doubt, Outcome, Reason, Verdict
from usage.recording import Kind, MeasuredRequest
from usage.recording import Outcome as RequestOutcome

logger = logging.getLogger(__name__)

# From this probability on, a model overrules the rules.
_SURE = 0.8
# So many sentences of an answer are sent at most.
_MAX_PAIRS = 20

Judged = Sequence[tuple[AnswerSentence, Verdict]]


@dataclass(frozen=True, slots=True)
class Decided:
    """The outcome of each sentence, and the request that decided about some, None without one."""

    verdicts: list[Verdict]
    request: MeasuredRequest | None = None


def decide_doubts(judged: Judged, sensitivity: Sensitivity) -> Decided:
    """Return the outcome of each sentence, after a model of entailment if one is set.

    ``sensitivity`` is the highest level of the passages. Blocks for some seconds at most.
    """
    verdicts = [verdict for _sentence, verdict in judged]
    endpoint = EntailmentEndpoint.from_settings()
    doubtful = [
        (place, each.doubt) for place, each in enumerate(verdicts) if each.doubt is not None
    ][:_MAX_PAIRS]
    if endpoint is None or not doubtful:
        return Decided(verdicts)
    pairs = [Pair(doubt.premise, _said(judged[place][0])) for place, doubt in doubtful]
    started = perf_counter()
    try:
        found = entail(endpoint, pairs, sensitivity=sensitivity)
    except NotCleared as error:
        # Nothing was sent.
        logger.info("sentences are checked by rules only: %s", error)
        return Decided(verdicts)
    except InferenceError as error:
        logger.warning("sentences are checked by rules only: %s", error)
        return Decided(verdicts, _request(endpoint, Entailments([]), started, failed=True))
    for (place, doubt), entailment in zip(doubtful, found.pairs, strict=True):
        verdicts[place] = _decided(verdicts[place], doubt, entailment)
    return Decided(verdicts, _request(endpoint, found, started))


def _said(sentence: AnswerSentence) -> str:
    return f"{sentence.lead} {sentence.text}".strip()


def _decided(verdict: Verdict, doubt: Doubt, entailment: Entailment) -> Verdict:
    if verdict.outcome == Outcome.UNSUPPORTED and entailment.entails >= _SURE:
        return Verdict(Outcome.SUPPORTED, doubt.cited)
    if verdict.outcome == Outcome.SUPPORTED and entailment.contradicts >= _SURE:
        return Verdict(
            Outcome.UNSUPPORTED,
            doubt.cited,
            Reason.CONTRADICTED,
            quote=doubt.quote,
            passage=doubt.passage,
        )
    return verdict


def _request(
    endpoint: EntailmentEndpoint, found: Entailments, started: float, *, failed: bool = False
) -> MeasuredRequest:
    return MeasuredRequest(
        kind=Kind.ENTAILMENT,
        outcome=RequestOutcome.FAILED if failed else RequestOutcome.COMPLETE,
        model_id=endpoint.model,
        llm=found.server,
        tokens=found.tokens,
        cpu_seconds=found.processor_seconds,
        total_ms=1000 * (perf_counter() - started),
    )
