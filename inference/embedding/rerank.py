"""Relevance scores from any rerank server: Cohere-like (ours, vLLM, OpenGateLLM) or TEI."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar

from inference.clearance import check_clearance
from inference.embedding.exchange import (
    Call,
    Exchange,
    aperform,
    call_with_retries,
    perform,
    read_processor_seconds,
)
from inference.embedding.limits import as_input_too_long
from inference.embedding.reading_endpoint import ReadingEndpoint
from inference.errors import BackendRejected, ProtocolError
from inference.llm.tokens import estimate_tokens
from inference.offered_models import ModelFigures
from inference.token_usage import TokenUsage
from instances.models import Sensitivity

MAX_WAIT_S = 4.0


@dataclass(frozen=True)
class RerankEndpoint(ReadingEndpoint):
    """A rerank server, of the settings RERANK_*."""

    prefix: ClassVar[str] = "RERANK"


@dataclass(frozen=True, slots=True)
class Relevances:
    """The relevance of each text to the query, in the order of the texts, higher is better.

    The scale depends on the model. `processor_seconds` is reported by our model server; 0 with
    others, of which `server` is what their operator states, and `tokens` what they read: the query
    once for each text.
    """

    scores: list[float]
    processor_seconds: float = 0.0
    server: ModelFigures | None = None
    tokens: TokenUsage | None = None


def rerank(
    endpoint: RerankEndpoint, query: str, texts: Sequence[str], *, sensitivity: Sensitivity
) -> Relevances:
    """Return the relevance of each text to the query. Raises InferenceError.

    `sensitivity` is the highest level of the query and the texts.
    """
    return perform(_rerank(endpoint, query, texts, sensitivity))


async def arerank(
    endpoint: RerankEndpoint, query: str, texts: Sequence[str], *, sensitivity: Sensitivity
) -> Relevances:
    """As `rerank`, on the event loop."""
    return await aperform(_rerank(endpoint, query, texts, sensitivity))


def _rerank(
    endpoint: RerankEndpoint, query: str, texts: Sequence[str], sensitivity: Sensitivity
) -> Exchange[Relevances]:
    if not texts:
        return Relevances([])
    check_clearance(f"{endpoint.model} of {endpoint.base_url}", endpoint.clearance, [sensitivity])
    cohere = {
        "model": endpoint.model,
        "query": query,
        "documents": list(texts),
        "top_n": len(texts),
    }
    try:
        answer = yield from _call(endpoint, cohere)
    except BackendRejected as error:
        # TEI's message when the body lacks its field `texts`.
        if error.status != HTTPStatus.UNPROCESSABLE_ENTITY:
            raise as_input_too_long(error) from error
        answer = yield from _call(endpoint, {"query": query, "texts": list(texts)})
    scores, seconds = _read_scores(answer, len(texts)), read_processor_seconds(answer)
    if seconds is not None:
        return Relevances(scores, seconds)
    return Relevances(scores, 0.0, endpoint.figures, _tokens(query, texts))


def _tokens(query: str, texts: Sequence[str]) -> TokenUsage:
    n_tokens = len(texts) * estimate_tokens(query) + sum(map(estimate_tokens, texts))
    return TokenUsage(n_tokens, 0, estimated=True)


def _call(endpoint: RerankEndpoint, payload: dict[str, Any]) -> Exchange[Any]:
    call = Call(
        url=f"{endpoint.base_url.rstrip('/')}/rerank",
        api_key=endpoint.api_key,
        payload=payload,
        timeout_s=endpoint.timeout_s,
    )
    return (yield from call_with_retries(call, max_wait_s=MAX_WAIT_S))


def _read_scores(answer: Any, n_texts: int) -> list[float]:
    """Read `{"results": [{index, relevance_score}]}`, or TEI's `[{index, score}]`."""
    try:
        results = answer if isinstance(answer, list) else answer["results"]
        scores = {
            int(result["index"]): float(result.get("relevance_score", result.get("score")))
            for result in results
        }
        ordered = [scores[index] for index in range(n_texts)]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ProtocolError(f"not the scores of {n_texts} texts: {error!r}") from error
    if not all(map(math.isfinite, ordered)):
        raise ProtocolError("a score is not a number")
    return ordered
