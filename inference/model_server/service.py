"""The models: limits of requests, queue, response."""

import asyncio
import logging
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from http import HTTPStatus
from typing import Any, Self

from inference.model_server.batching import Batcher, Entry, ModelFailure, Priority, QueueFull
from inference.model_server.configuration import Configuration
from inference.model_server.encoders import load_encoder
from inference.model_server.processor_time import Computed, measured
from inference.model_server.reranker import Reranker
from inference.model_server.schemas import (
    EmbeddingRequest,
    RequestRefused,
    RerankRequest,
    embedding_response,
    invalid,
    rerank_response,
)

logger = logging.getLogger(__name__)

WARM_UP = "Quels sont les délais pour déposer une demande ?"


class ModelService:
    """An embedding model and, if one is configured, a reranker, each behind its own queue.

    Used as an asynchronous context manager: inside it the queues are served.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._encoder = load_encoder(configuration.embedding_folder, threads=configuration.threads)
        # The first run compiles and reads the weights from disk: done before the first request.
        self._encoder.encode([self._encoder.tokenize([WARM_UP])[0].payload])
        self._reranker = (
            Reranker(configuration.rerank_model, threads=configuration.threads)
            if configuration.rerank_model
            else None
        )
        self._background = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._embeddings = await self._start(self._encoder.encode)
        if self._reranker:
            self._rerankings = await self._start(self._reranker.score)
        return self

    async def __aexit__(self, *_exc_info: object) -> None:
        await self._background.aclose()

    def models(self) -> list[dict[str, Any]]:
        """Return the models served, as /v1/models lists them."""
        embedding = {
            "id": self._configuration.embedding_model,
            "object": "model",
            "owned_by": "ragapp",
            "max_model_len": self._encoder.max_tokens,
            "dimensions": self._encoder.dimensions,
        }
        if not self._reranker:
            return [embedding]
        reranker = {
            "id": self._configuration.rerank_model,
            "object": "model",
            "owned_by": "ragapp",
            "max_model_len": self._reranker.max_tokens,
        }
        return [embedding, reranker]

    def queued(self) -> dict[str, int]:
        """Return the number of texts waiting to be embedded, by priority."""
        return self._embeddings.queued()

    async def embed(self, request: EmbeddingRequest, priority: Priority, tenant: str) -> bytes:
        """Return the JSON response to an embedding request, in the turn of ``tenant``.

        Raises RequestRefused.
        """
        model = self._configuration.embedding_model
        _check_model(request.model, model)
        if request.dimensions not in {None, self._encoder.dimensions}:
            raise invalid(
                f"{model} makes vectors of {self._encoder.dimensions} dimensions, no other",
                "dimensions",
            )
        self._check_count(request.texts, "input")
        entries = await asyncio.to_thread(self._encoder.tokenize, request.texts)
        _check_lengths(entries, self._encoder.max_tokens, "input")
        computed = await _submit(self._embeddings, entries, priority, tenant)
        return embedding_response(
            [each.result for each in computed],
            model=model,
            n_tokens=_total(entries),
            processor_seconds=sum(each.processor_seconds for each in computed),
            as_base64=request.encoding_format == "base64",
        )

    async def rerank(self, request: RerankRequest) -> bytes:
        """Return the JSON response to a rerank request. Raises RequestRefused."""
        if self._reranker is None:
            raise RequestRefused(
                HTTPStatus.NOT_FOUND, "model_not_found", "no reranker is set: give RERANK_MODEL"
            )
        model = self._configuration.rerank_model
        _check_model(request.model, model)
        self._check_count(request.documents, "documents")
        entries = await asyncio.to_thread(self._reranker.tokenize, request.query, request.documents)
        _check_lengths(entries, self._reranker.max_tokens, "documents")
        computed = await _submit(self._rerankings, entries, Priority.QUERY)
        return rerank_response(
            [each.result for each in computed],
            model=model,
            n_tokens=_total(entries),
            processor_seconds=sum(each.processor_seconds for each in computed),
            top_n=request.top_n,
        )

    async def _start(self, compute: Any) -> Batcher:
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="model")
        batcher = Batcher(
            measured(compute), executor, max_queued=self._configuration.max_queued_texts
        )
        self._background.callback(executor.shutdown)
        task = asyncio.create_task(batcher.run())
        task.add_done_callback(_stop_if_failed)
        self._background.callback(task.cancel)
        return batcher

    def _check_count(self, texts: Sequence[str], param: str) -> None:
        limit = self._configuration.max_queued_texts
        if len(texts) > limit:
            raise invalid(
                f"{len(texts)} texts in one request; at most {limit}", param, "too_many_inputs"
            )


def _stop_if_failed(task: asyncio.Task[None]) -> None:
    """Stop the process when a queue is no longer served, so that it is started again."""
    if not task.cancelled() and (error := task.exception()):
        logger.critical("the queue has stopped", exc_info=error)
        signal.raise_signal(signal.SIGTERM)


async def _submit(
    batcher: Batcher, entries: list[Entry], priority: Priority, tenant: str = ""
) -> list[Computed]:
    try:
        return await batcher.submit(entries, priority, tenant)
    except QueueFull as error:
        raise RequestRefused(
            HTTPStatus.TOO_MANY_REQUESTS,
            "queue_full",
            str(error),
            headers={"retry-after": str(error.retry_after_s)},
        ) from error
    except ModelFailure as error:
        raise RequestRefused(
            HTTPStatus.INTERNAL_SERVER_ERROR, "model_failure", str(error)
        ) from error


def _check_model(asked: str | None, served: str) -> None:
    if asked not in {None, "", served}:
        raise RequestRefused(
            HTTPStatus.NOT_FOUND,
            "model_not_found",
            f"the model {asked} is not served here, {served} is",
            param="model",
        )


def _check_lengths(entries: Sequence[Entry], max_tokens: int, param: str) -> None:
    for index, entry in enumerate(entries):
        if entry.n_tokens > max_tokens:
            raise invalid(
                f"text {index} has {entry.n_tokens} tokens; "
                f"the model's maximum context length is {max_tokens} tokens",
                param,
                "context_length_exceeded",
            )


def _total(entries: Sequence[Entry]) -> int:
    return sum(entry.n_tokens for entry in entries)
