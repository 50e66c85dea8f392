"""Reads the vectors in the answer of an embedding server."""

import base64
import binascii
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.errors import DimensionMismatch, ProtocolError

Vectors = NDArray[np.float32]


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


def _decode(embedding: Any) -> Vectors:
    """Decode a list of numbers, or base64 of little-endian float32."""
    if not isinstance(embedding, str):
        return np.asarray(embedding, np.float32)
    try:
        return np.frombuffer(base64.b64decode(embedding, validate=True), "<f4")
    except binascii.Error as error:
        raise ValueError("the base64 is broken") from error
