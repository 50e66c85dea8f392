"""What an embedding server answers: vectors, and what they took."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.errors import DimensionMismatch, ProtocolError
from inference.llm.tokens import estimate_tokens
from inference.offered_models import ModelFigures
from inference.token_usage import TokenUsage

Vectors = NDArray[np.float32]
NO_TOKENS = TokenUsage(0, 0)


@dataclass(frozen=True, slots=True)
class EmbeddedQuery:
    """A question's vector, (dim,) float32, L2-normalised.

    ``processor_seconds`` is reported by our model server; 0 with others, of whose energy ``server``
    is what their operator states. ``tokens`` are estimated if the server does not report them, or
    reports those of several questions together.
    """

    vector: Vectors
    tokens: TokenUsage
    processor_seconds: float
    server: ModelFigures | None = None


@dataclass(frozen=True, slots=True)
class EmbeddedTexts:
    """Vectors, (n_texts, dim) float32, L2-normalised, in order.

    ``processor_seconds`` is reported by our model server, ``n_tokens`` by most; 0 with servers that
    do not report them. ``server`` is as in ``EmbeddedQuery``.
    """

    vectors: Vectors
    processor_seconds: float
    n_tokens: int
    server: ModelFigures | None = None


def read_vectors(answer: Any, n_inputs: int, dimensions: int | None) -> Vectors:
    """Return the vectors in the order of the inputs, L2-normalised."""
    try:
        rows = {int(item["index"]): _decode(item["embedding"]) for item in answer["data"]}
        vectors = np.stack([rows[index] for index in range(n_inputs)])
    except (KeyError, TypeError, ValueError) as error:
        raise ProtocolError(f"not a list of {n_inputs} embeddings: {error!r}") from error
    if len(rows) != n_inputs or vectors.ndim != 2:
        raise ProtocolError(f"{len(rows)} embeddings for {n_inputs} texts")
    if dimensions is not None and vectors.shape[1] != dimensions:
        raise DimensionMismatch(
            f"the server's vectors have {vectors.shape[1]} dimensions, the index {dimensions}"
        )
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.all(np.isfinite(norms)) or not np.all(norms):
        raise ProtocolError("an embedding is null or not a number")
    normalised: Vectors = vectors / norms
    return normalised


def read_tokens(answer: Any) -> int:
    """Return the tokens of all texts, 0 if the server does not report them."""
    usage = answer.get("usage")
    n_tokens = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    return n_tokens if isinstance(n_tokens, int) and n_tokens > 0 else 0


def tokens_of(texts: Sequence[str], n_tokens: int) -> list[TokenUsage]:
    """Return the tokens of each text: of several, their share of ``n_tokens`` by their length.

    Estimated, unless they are those of one text that the server has counted.
    """
    estimated = [max(1, estimate_tokens(text)) for text in texts]
    scale = n_tokens / sum(estimated) if n_tokens else 1.0
    is_exact = len(texts) == 1 and n_tokens > 0
    return [TokenUsage(round(scale * each), 0, estimated=not is_exact) for each in estimated]


def _decode(embedding: Any) -> Vectors:
    """Decode a list of numbers, or base64 of little-endian float32."""
    if not isinstance(embedding, str):
        return np.asarray(embedding, np.float32)
    try:
        return np.frombuffer(base64.b64decode(embedding, validate=True), "<f4")
    except binascii.Error as error:
        raise ValueError("the base64 is broken") from error
