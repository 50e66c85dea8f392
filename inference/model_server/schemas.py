"""What requests may say, checked; what is wrong with them, said in OpenAI's shape."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self, TypeGuard

import numpy as np
import orjson
from numpy.typing import NDArray


class RequestRefused(Exception):
    """A request that will not be served, with the HTTP status and OpenAI's error fields."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        message: str,
        *,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.param = param
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        error = {"message": str(self), "type": kind, "param": self.param, "code": self.code}
        return {"error": error}


def invalid(
    message: str, param: str | None = None, code: str = "invalid_request"
) -> RequestRefused:
    """The error of a request that is wrong in itself: 400."""
    return RequestRefused(HTTPStatus.BAD_REQUEST, code, message, param=param)


@dataclass(frozen=True)
class EmbeddingRequest:
    """POST /v1/embeddings."""

    model: str | None
    texts: list[str]
    base64: bool
    dimensions: int | None

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Raises RequestRefused on whatever this server does not take."""
        fields = _json_object(body)
        texts = fields.get("input")
        if isinstance(texts, str):
            texts = [texts]
        if not _is_texts(texts):
            raise invalid(
                "input must be a text or a list of one or more texts; token ids are not taken",
                "input",
            )
        encoding_format = fields.get("encoding_format") or "float"
        if encoding_format not in {"float", "base64"}:
            raise invalid("encoding_format must be float or base64", "encoding_format")
        dimensions = fields.get("dimensions")
        if dimensions is not None and not isinstance(dimensions, int):
            raise invalid("dimensions must be a whole number", "dimensions")
        return cls(_model(fields), texts, encoding_format == "base64", dimensions)


@dataclass(frozen=True)
class RerankRequest:
    """POST /v1/rerank, after Cohere's."""

    model: str | None
    query: str
    documents: list[str]
    top_n: int | None

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Raises RequestRefused on whatever this server does not take."""
        fields = _json_object(body)
        query, documents, top_n = (fields.get(name) for name in ("query", "documents", "top_n"))
        if not isinstance(query, str) or not query:
            raise invalid("query must be a text", "query")
        if not _is_texts(documents):
            raise invalid("documents must be a list of one or more texts", "documents")
        if top_n is not None and (not isinstance(top_n, int) or top_n < 1):
            raise invalid("top_n must be a positive whole number", "top_n")
        return cls(_model(fields), query, documents, top_n)


def embedding_response(
    vectors: Sequence[NDArray[np.float32]],
    *,
    model: str,
    n_tokens: int,
    processor_seconds: float,
    as_base64: bool,
) -> bytes:
    """OpenAI's list of embeddings, in the order of the request, as JSON.

    ``usage`` says besides what the request took of this machine's processors.
    """
    values = map(_base64, vectors) if as_base64 else vectors
    data = [
        {"object": "embedding", "index": index, "embedding": value}
        for index, value in enumerate(values)
    ]
    usage = {
        "prompt_tokens": n_tokens,
        "total_tokens": n_tokens,
        "processor_seconds": processor_seconds,
    }
    response = {"object": "list", "data": data, "model": model, "usage": usage}
    return orjson.dumps(response, option=orjson.OPT_SERIALIZE_NUMPY)


def rerank_response(
    scores: Sequence[float],
    *,
    model: str,
    n_tokens: int,
    processor_seconds: float,
    top_n: int | None,
) -> bytes:
    """Cohere's results, the most relevant first, as JSON; `index` is that of the request.

    ``usage`` says besides what the request took of this machine's processors.
    """
    order = sorted(range(len(scores)), key=lambda index: -scores[index])[:top_n]
    results = [{"index": index, "relevance_score": float(scores[index])} for index in order]
    usage = {"total_tokens": n_tokens, "processor_seconds": processor_seconds}
    return orjson.dumps({"model": model, "results": results, "usage": usage})


def _base64(vector: NDArray[np.float32]) -> str:
    """Little-endian float32, as OpenAI's."""
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise invalid(f"the body is not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise invalid("the body must be a JSON object")
    return fields


def _model(fields: Mapping[str, Any]) -> str | None:
    model = fields.get("model")
    if model is not None and not isinstance(model, str):
        raise invalid("model must be a name", "model")
    return model


def _is_texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and bool(value) and all(isinstance(text, str) for text in value)
