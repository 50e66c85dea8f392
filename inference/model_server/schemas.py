"""Requests, validated by pydantic; responses and errors in the shapes of OpenAI and Cohere."""

import base64
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
import orjson
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError


class RequestRefused(Exception):
    """A request that is refused, with its HTTP status and the fields of OpenAI's errors."""

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
    """Return the error of a request that is wrong in itself: 400."""
    return RequestRefused(HTTPStatus.BAD_REQUEST, code, message, param=param)


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class ModelRequest(BaseModel):
    """What both requests have. The description of a field is the message of its refusal."""

    model_config = ConfigDict(strict=True, frozen=True)

    model: str | None = Field(None, description="model must be a name")


class EmbeddingRequest(ModelRequest):
    """POST /v1/embeddings."""

    texts: Annotated[list[str], BeforeValidator(_as_list)] = Field(
        alias="input",
        min_length=1,
        description="input must be a text or a list of one or more texts; "
        "token ids are not accepted",
    )
    encoding_format: Literal["float", "base64"] | None = Field(
        None, description="encoding_format must be float or base64"
    )
    dimensions: int | None = Field(None, description="dimensions must be a whole number")


class RerankRequest(ModelRequest):
    """POST /v1/rerank, after Cohere's."""

    query: str = Field(min_length=1, description="query must be a text")
    documents: list[str] = Field(
        min_length=1, description="documents must be a list of one or more texts"
    )
    top_n: int | None = Field(None, ge=1, description="top_n must be a positive whole number")


class PredictRequest(ModelRequest):
    """POST /v1/predict, after TEI's: pairs of texts. Longer ones are cut if they may be."""

    inputs: list[tuple[str, str]] = Field(
        min_length=1, description="inputs must be a list of one or more pairs of texts"
    )
    truncate: bool = Field(False, description="truncate must be true or false")


RequestT = TypeVar("RequestT", bound=ModelRequest)


def parse(kind: type[RequestT], body: bytes) -> RequestT:
    """Return the JSON ``body`` as a ``kind``. Raises RequestRefused for the first fault."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
    if problem["type"] == "json_invalid":
        raise invalid(f"the body is not JSON: {problem['msg']}")
    if not problem["loc"]:
        raise invalid("the body must be a JSON object")
    param = str(problem["loc"][0])
    messages = {each.alias or name: each.description for name, each in kind.model_fields.items()}
    raise invalid(messages[param] or problem["msg"], param)


def embedding_response(
    vectors: Sequence[NDArray[np.float32]],
    *,
    model: str,
    n_tokens: int,
    processor_seconds: float,
    as_base64: bool,
) -> bytes:
    """OpenAI's list of embeddings, in the order of the request, as JSON.

    ``usage`` also has the processor time of the request, in seconds.
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

    ``usage`` also has the processor time of the request, in seconds.
    """
    order = sorted(range(len(scores)), key=lambda index: -scores[index])[:top_n]
    results = [{"index": index, "relevance_score": float(scores[index])} for index in order]
    usage = {"total_tokens": n_tokens, "processor_seconds": processor_seconds}
    return orjson.dumps({"model": model, "results": results, "usage": usage})


def predict_response(
    rows: Sequence[Sequence[float]],
    labels: Sequence[str],
    *,
    model: str,
    n_tokens: int,
    processor_seconds: float,
) -> bytes:
    """TEI's labels with their scores of each pair, in ``results``, with the processor time."""
    results = [
        [{"label": label, "score": float(score)} for label, score in zip(labels, row, strict=True)]
        for row in rows
    ]
    usage = {"total_tokens": n_tokens, "processor_seconds": processor_seconds}
    return orjson.dumps({"model": model, "results": results, "usage": usage})


def _base64(vector: NDArray[np.float32]) -> str:
    """Little-endian float32, as OpenAI's."""
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()
