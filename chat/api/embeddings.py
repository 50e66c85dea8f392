"""``/v1/embeddings``: vectors of texts, by the model that embeds the documents."""

import asyncio
import base64
from time import perf_counter
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema
from pydantic import ConfigDict, field_validator

from chat.api.messages import MAX_NAME_CHARS
from inference.embedding.client import AsyncEmbeddingClient, EmbeddingEndpoint
from inference.embedding.offered import offered_embedding
from inference.embedding.vectors import EmbeddedTexts, Vectors
from inference.errors import InputTooLong
from inference.llm.tokens import estimate_tokens
from inference.token_usage import TokenUsage
from ingestion.documents.sensitivity import highest_level
from instances.api import ApiError, AsyncApiKeyAuth, KeyRequest
from instances.models import ApiKey
from instances.tenancy import in_tenant
from retrieval.masking import amasked
from retrieval.measured_requests import embedding_request
from usage.embedding_requests import held_embedding
from usage.quotas.api_requests import add_headers
from usage.quotas.subjects import QuotaHolder
from usage.recording import Outcome, Requester, record_requests, vectors_request

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
    key = request.auth
    model = offered_embedding(key.instance.embedding_model)
    if body.model not in (None, "", "default", model.name):
        told = _("The embedding model is %(model)s.") % {"model": model.name}
        raise ApiError(404, "model_not_found", told)
    _check_dimensions(body, model.dimensions)
    holder = QuotaHolder.of_key(key)
    async with held_embedding(holder, read_tokens=_estimated(body)) as admitted:
        asked = perf_counter()
        embedded = await _embed(key, body)
    tokens = _tokens(body, embedded)
    total_ms = 1000 * (perf_counter() - asked)
    await in_tenant(
        key.instance_id, _record, holder, admitted.request_id, embedded, tokens, total_ms
    )
    _check_dimensions(body, embedded.vectors.shape[1])
    response = await asyncio.to_thread(_response, embedded.vectors, model.name, body, tokens)
    add_headers(response, admitted.headers)
    return response


def _check_dimensions(body: EmbeddingsIn, n_dimensions: int | None) -> None:
    if n_dimensions is not None and body.dimensions not in (None, n_dimensions):
        told = _("The vectors of this model have %(n)s dimensions.") % {"n": n_dimensions}
        raise ApiError(400, "unsupported_parameter", told)


async def _embed(key: ApiKey, body: EmbeddingsIn) -> EmbeddedTexts:
    endpoint = EmbeddingEndpoint.for_instance(key.instance_id, key.instance.embedding_model)
    client = AsyncEmbeddingClient(endpoint)
    # The texts may come from any document of the instance.
    level = await in_tenant(key.instance, highest_level, key.instance)
    try:
        if body.input_type == "query":
            sent = [await amasked(key.instance, text, endpoint.base_url) for text in body.input]
            return await client.embed_questions(sent, sensitivity=level)
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
    holder: QuotaHolder,
    request_id: UUID,
    embedded: EmbeddedTexts,
    tokens: TokenUsage,
    total_ms: float,
) -> None:
    name, server = holder.instance.embedding_model_name, embedded.server
    n_texts = len(embedded.vectors)
    measured = embedding_request(
        outcome=Outcome.COMPLETE,
        model_id=name,
        tokens=tokens if server is None else None,
        cpu_seconds=embedded.processor_seconds,
        passages=n_texts if server is None else 0,
        total_ms=total_ms,
    )
    requests = [measured]
    if server is not None:
        requests.append(vectors_request(server, name, tokens=tokens, passages=n_texts))
    record_requests(requests, request_id=request_id, requester=Requester.of_holder(holder))


def _response(vectors: Vectors, model: str, body: EmbeddingsIn, tokens: TokenUsage) -> HttpResponse:
    as_base64 = body.encoding_format == "base64"
    values = [_base64(vector) for vector in vectors] if as_base64 else vectors
    payload = {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": value}
            for index, value in enumerate(values)
        ],
        "model": model,
        "usage": {"prompt_tokens": tokens.prompt_tokens, "total_tokens": tokens.prompt_tokens},
    }
    content = orjson.dumps(payload, option=orjson.OPT_SERIALIZE_NUMPY)
    return HttpResponse(content, content_type="application/json")


def _base64(vector: Vectors) -> str:
    """Little-endian float32, as OpenAI's."""
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()
