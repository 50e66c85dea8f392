"""Embeddings from any OpenAI-compatible server: ours, TEI, vLLM, OpenGateLLM.

The client adds the prefixes of the model itself, since servers differ in how they do it. The header
`X-Priority: query` marks requests for which a user waits, `batch` those that come last, and
`X-Tenant` the instance of passages; our server schedules by both, others ignore them.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self
from weakref import WeakKeyDictionary

import numpy as np
from django.conf import settings
from django.utils.crypto import salted_hmac

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
from inference.embedding.offered import offered_embedding
from inference.embedding.query_batches import QueryBatches
from inference.embedding.reading_endpoint import UNKNOWN
from inference.embedding.vectors import (
    EmbeddedQuery,
    EmbeddedTexts,
    read_tokens,
    read_vectors,
    tokens_of,
)
from inference.errors import BackendRejected, InputTooLong
from inference.offered_models import ModelFigures
from instances.models import Sensitivity

# Texts per request. When a server rejects a batch as too large, the batch is halved.
BATCH_TEXTS = 64
_TENANT_CHARS = 16


@dataclass(frozen=True)
class EmbeddingEndpoint:
    """An embedding server and its model; `dimensions` is sent only if it is set.

    `query_max_wait_s` and `passages_max_wait_s` limit the total pause between retries: a model
    server that died is restarted within three seconds, a full queue takes longer to empty. Passages
    of different `tenant`s take turns in our model server; the value does not identify the instance.
    `clearance` is the highest level of texts that the server may receive, `figures` what its
    operator states of its energy.
    """

    base_url: str
    api_key: str
    model: str
    clearance: Sensitivity
    figures: ModelFigures = UNKNOWN
    dimensions: int | None = None
    query_prefix: str = ""
    passage_prefix: str = ""
    timeout_s: float = 60.0
    query_max_wait_s: float = 8.0
    passages_max_wait_s: float = 120.0
    tenant: str = ""
    passage_priority: str = "passage"

    @classmethod
    def of_model(cls, name: str = "") -> Self:
        """Return the endpoint of an offered model; raises ModelNotFound (``offered``)."""
        offered = offered_embedding(name)
        return cls(
            base_url=offered.base_url,
            api_key=offered.api_key,
            model=offered.model,
            clearance=offered.clearance,
            figures=offered.figures,
            dimensions=offered.dimensions,
            query_prefix=offered.query_prefix,
            passage_prefix=offered.passage_prefix,
            timeout_s=settings.EMBEDDING_TIMEOUT_S,
        )

    @classmethod
    def from_settings(cls) -> Self:
        """Return the endpoint of the settings EMBEDDING_*."""
        return cls.of_model()

    @classmethod
    def for_instance(cls, instance_id: int, model: str = "") -> Self:
        """Return the endpoint of a model; passages take their turn as those of an instance."""
        tenant = salted_hmac("inference.tenant", str(instance_id), algorithm="sha256").hexdigest()
        return replace(cls.of_model(model), tenant=tenant[:_TENANT_CHARS])

    def check_clearance(self, sensitivity: Sensitivity) -> None:
        """Raise NotCleared unless the server may receive texts of this level."""
        check_clearance(f"{self.model} of {self.base_url}", self.clearance, [sensitivity])


class EmbeddingClient:
    """Embeds from a thread. Cheap to create and thread-safe: connections belong to the process."""

    def __init__(self, endpoint: EmbeddingEndpoint) -> None:
        self._endpoint = endpoint

    @classmethod
    def from_settings(cls) -> Self:
        """Return a client of the configured endpoint."""
        return cls(EmbeddingEndpoint.from_settings())

    @classmethod
    def for_instance(cls, instance_id: int, model: str = "", *, is_batch: bool = False) -> Self:
        """Return a client whose passages take their turn as those of an instance.

        With ``is_batch`` they come after those of all others.
        """
        endpoint = EmbeddingEndpoint.for_instance(instance_id, model)
        return cls(replace(endpoint, passage_priority="batch") if is_batch else endpoint)

    def embed_passages(self, texts: Sequence[str], *, sensitivity: Sensitivity) -> EmbeddedTexts:
        """Embed passages, of which ``sensitivity`` is the highest level; prefixes are added here.

        Raises InferenceError: InputTooLong names the text that exceeds the model's limit.
        """
        self._endpoint.check_clearance(sensitivity)
        return perform(_embed_texts(self._endpoint, texts, self._endpoint.passage_prefix))

    def embed_questions(self, texts: Sequence[str], *, sensitivity: Sensitivity) -> EmbeddedTexts:
        """Embed questions for which nobody waits: as passages, but with the prefix of questions."""
        self._endpoint.check_clearance(sensitivity)
        return perform(_embed_texts(self._endpoint, texts, self._endpoint.query_prefix))

    def embed_query(self, text: str, *, sensitivity: Sensitivity) -> EmbeddedQuery:
        """Embed a question, with priority over queued passages.

        A question too long for the model is truncated. Raises InferenceError.
        """
        self._endpoint.check_clearance(sensitivity)
        return perform(_embed_query(self._endpoint, text))


class AsyncEmbeddingClient:
    """Embeds from the event loop; otherwise as EmbeddingClient."""

    def __init__(self, endpoint: EmbeddingEndpoint) -> None:
        self._endpoint = endpoint

    @classmethod
    def from_settings(cls) -> Self:
        """Return a client of the configured endpoint."""
        return cls(EmbeddingEndpoint.from_settings())

    @classmethod
    def for_instance(cls, instance_id: int, model: str = "") -> Self:
        """As EmbeddingClient.for_instance."""
        return cls(EmbeddingEndpoint.for_instance(instance_id, model))

    @classmethod
    def of_model(cls, name: str) -> Self:
        """Return a client of an offered model; raises ModelNotFound."""
        return cls(EmbeddingEndpoint.of_model(name))

    async def embed_passages(
        self, texts: Sequence[str], *, sensitivity: Sensitivity
    ) -> EmbeddedTexts:
        """As EmbeddingClient.embed_passages."""
        self._endpoint.check_clearance(sensitivity)
        return await aperform(_embed_texts(self._endpoint, texts, self._endpoint.passage_prefix))

    async def embed_questions(
        self, texts: Sequence[str], *, sensitivity: Sensitivity
    ) -> EmbeddedTexts:
        """As EmbeddingClient.embed_questions."""
        self._endpoint.check_clearance(sensitivity)
        return await aperform(_embed_texts(self._endpoint, texts, self._endpoint.query_prefix))

    async def embed_query(self, text: str, *, sensitivity: Sensitivity) -> EmbeddedQuery:
        """As EmbeddingClient.embed_query; concurrent questions are sent in one request."""
        self._endpoint.check_clearance(sensitivity)
        return await self._query_batches().embed(text)

    def _query_batches(self) -> QueryBatches[EmbeddedQuery]:
        endpoint = self._endpoint
        of_loop = _query_batches.setdefault(asyncio.get_running_loop(), {})
        if endpoint not in of_loop:
            of_loop[endpoint] = QueryBatches(
                embed_batch=lambda texts: aperform(_embed_queries(endpoint, texts)),
                embed_one=lambda text: aperform(_embed_query(endpoint, text)),
            )
        return of_loop[endpoint]


_query_batches: WeakKeyDictionary[
    asyncio.AbstractEventLoop, dict[EmbeddingEndpoint, QueryBatches[EmbeddedQuery]]
] = WeakKeyDictionary()


def _embed_texts(
    endpoint: EmbeddingEndpoint, texts: Sequence[str], prefix: str
) -> Exchange[EmbeddedTexts]:
    """Embed batch by batch; a batch that the server rejects as too large is halved."""
    pending = [
        (start, min(start + BATCH_TEXTS, len(texts))) for start in range(0, len(texts), BATCH_TEXTS)
    ][::-1]
    batches: list[EmbeddedTexts] = []
    while pending:
        start, end = pending.pop()
        inputs = [prefix + text for text in texts[start:end]]
        try:
            embedded = yield from _embed(
                endpoint, inputs, endpoint.passage_priority, endpoint.passages_max_wait_s
            )
            batches.append(embedded)
        except InputTooLong as error:
            if end - start == 1:
                raise InputTooLong(f"text {start}: {error}", status=error.status) from error
            middle = (start + end) // 2
            pending += [(middle, end), (start, middle)]
    if not batches:
        return EmbeddedTexts(np.empty((0, endpoint.dimensions or 0), np.float32), 0.0, 0)
    return EmbeddedTexts(
        np.concatenate([batch.vectors for batch in batches]),
        sum(batch.processor_seconds for batch in batches),
        sum(batch.n_tokens for batch in batches),
        batches[0].server,
    )


def _embed_queries(
    endpoint: EmbeddingEndpoint, texts: Sequence[str]
) -> Exchange[list[EmbeddedQuery]]:
    inputs = [endpoint.query_prefix + text for text in texts]
    embedded = yield from _embed(endpoint, inputs, "query", endpoint.query_max_wait_s)
    share = embedded.processor_seconds / len(texts)
    tokens = tokens_of(texts, embedded.n_tokens)
    return [
        EmbeddedQuery(*each, share, embedded.server)
        for each in zip(embedded.vectors, tokens, strict=True)
    ]


def _embed_query(endpoint: EmbeddingEndpoint, text: str) -> Exchange[EmbeddedQuery]:
    while True:
        try:
            (embedded,) = yield from _embed_queries(endpoint, [text])
        except InputTooLong:
            if len(text) < 2:
                raise
            text = text[: len(text) // 2]
        else:
            return embedded


def _embed(
    endpoint: EmbeddingEndpoint, inputs: list[str], priority: str, max_wait_s: float
) -> Exchange[EmbeddedTexts]:
    payload: dict[str, Any] = {
        "model": endpoint.model,
        "input": inputs,
        "encoding_format": "float",
    }
    if endpoint.dimensions is not None:
        payload["dimensions"] = endpoint.dimensions
    call = Call(
        url=f"{endpoint.base_url.rstrip('/')}/embeddings",
        api_key=endpoint.api_key,
        payload=payload,
        timeout_s=endpoint.timeout_s,
        headers={"x-priority": priority, "x-tenant": endpoint.tenant},
    )
    try:
        answer = yield from call_with_retries(call, max_wait_s=max_wait_s)
    except BackendRejected as error:
        raise as_input_too_long(error) from error
    vectors = read_vectors(answer, len(inputs), endpoint.dimensions)
    seconds = read_processor_seconds(answer)
    server = None if seconds is not None else endpoint.figures
    return EmbeddedTexts(vectors, seconds or 0.0, read_tokens(answer), server)
