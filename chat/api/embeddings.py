"""``/v1/embeddings``: vectors of texts, by the model that embeds the documents."""

import asyncio
import base64
from time import perf_counter
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema
from pydantic import ConfigDict, field_validator

from chat.api.messages import MAX_NAME_CHARS
from inference.embedding.client import AsyncEmbeddingClient, EmbeddedTexts
from inference.embedding.vectors import Vectors
from inference.errors import InputTooLong
from inference.llm.tokens import estimate_tokens
from inference.token_usage import TokenUsage
from ingestion.documents.sensitivity import highest_level
from instances.api import ApiError, AsyncApiKeyAuth, KeyRequest
from instances.models import ApiKey
from instances.tenancy import in_tenant
from usage.quotas.api_requests import add_headers, held_request
from usage.recording import Kind, MeasuredRequest, Outcome, Requester, record_requests

router = Router(tags=["OpenAI-compatible"], auth=AsyncApiKeyAuth())

MAX_TEXTS = 256
MAX_TEXT_CHARS = 8_000

Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT_CHARS)]


class EmbeddingsIn(Schema):
    """`input_type` is "passage" (the default) or "query", as the model embeds them differently."""

    model_config = ConfigDict(extra="ignore")

    model: str | None = Field(None, max_length=MAX_NAME_CHARS)
    input: list[Text] = Field(min_length=1, max_length=MAX_TEXTS, fail_fast=True)
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: int | None = None
    input_type: Literal["passage", "query"] | None = None

    @field_validator("input", mode="before")
    @classmethod
    def accept_one_text(cls, value: Any) -> Any:
        """Accept a text for a list of one."""
        if isinstance(value, list) and value and isinstance(value[0], int | list):
            # As LangChain sends by default.
            raise ValueError(
                _("Token ids are not accepted: send texts (LangChain: check_embedding_ctx_length).")
            )
        return [value] if isinstance(value, str) else value


@router.post("/embeddings", summary="Vectors of texts")
async def create_embeddings(request: KeyRequest, body: EmbeddingsIn) -> Any:
    if body.model not in (None, "", "default", settings.EMBEDDING_MODEL):
        told = _("The embedding model is %(model)s.") % {"model": settings.EMBEDDING_MODEL}
        raise ApiError(404, "model_not_found", told)
    _check_dimensions(body, settings.EMBEDDING_DIMENSIONS)
    key = request.auth
    async with held_request(key, read_tokens=_estimated(body)) as admitted:
        asked = perf_counter()
        embedded = await _embed(key, body)
    tokens = _tokens(body, embedded)
    total_ms = 1000 * (perf_counter() - asked)
    await in_tenant(key.instance_id, _record, key, admitted.request_id, embedded, tokens, total_ms)
    _check_dimensions(body, embedded.vectors.shape[1])
    response = await asyncio.to_thread(_response, embedded.vectors, body, tokens)
    add_headers(response, admitted.headers)
    return response


def _check_dimensions(body: EmbeddingsIn, n_dimensions: int | None) -> None:
    if n_dimensions is not None and body.dimensions not in (None, n_dimensions):
        told = _("The vectors of this model have %(n)s dimensions.") % {"n": n_dimensions}
        raise ApiError(400, "unsupported_parameter", told)


async def _embed(key: ApiKey, body: EmbeddingsIn) -> EmbeddedTexts:
    client = AsyncEmbeddingClient.for_instance(key.instance_id)
    # The texts may come from any document of the instance.
    level = await in_tenant(key.instance, highest_level, key.instance)
    try:
        if body.input_type == "query":
            return await client.embed_questions(body.input, sensitivity=level)
        return await client.embed_passages(body.input, sensitivity=level)
    except InputTooLong as error:
        told = _("A text is too long for the embedding model. Send shorter ones.")
        raise ApiError(400, error.code, told) from error


def _tokens(body: EmbeddingsIn, embedded: EmbeddedTexts) -> TokenUsage:
    reported = embedded.n_tokens
    return TokenUsage(reported or _estimated(body), 0, estimated=not reported)


def _estimated(body: EmbeddingsIn) -> int:
    return sum(map(estimate_tokens, body.input))


def _record(
    key: ApiKey, request_id: UUID, embedded: EmbeddedTexts, tokens: TokenUsage, total_ms: float
) -> None:
    measured = MeasuredRequest(
        kind=Kind.EMBEDDING,
        outcome=Outcome.COMPLETE,
        model_id=settings.EMBEDDING_MODEL,
        tokens=tokens,
        cpu_seconds=embedded.processor_seconds,
        passages=len(embedded.vectors),
        total_ms=total_ms,
    )
    record_requests([measured], request_id=request_id, requester=Requester.of_key(key))


def _response(vectors: Vectors, body: EmbeddingsIn, tokens: TokenUsage) -> HttpResponse:
    as_base64 = body.encoding_format == "base64"
    values = [_base64(vector) for vector in vectors] if as_base64 else vectors
    payload = {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": value}
            for index, value in enumerate(values)
        ],
        "model": settings.EMBEDDING_MODEL,
        "usage": {"prompt_tokens": tokens.prompt_tokens, "total_tokens": tokens.prompt_tokens},
    }
    content = orjson.dumps(payload, option=orjson.OPT_SERIALIZE_NUMPY)
    return HttpResponse(content, content_type="application/json")


def _base64(vector: Vectors) -> str:
    """Little-endian float32, as OpenAI's."""
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()
