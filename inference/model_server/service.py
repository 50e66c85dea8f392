"""The models: limits of requests, queue, response."""

import asyncio
import logging
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

from inference.model_server.batching import Batcher, Entry, ModelFailure, Priority, QueueFull
from inference.model_server.configuration import Configuration
from inference.model_server.cross_encoders import EntailmentModel, Reranker
from inference.model_server.encoders import Encoder, load_encoder, shortened
from inference.model_server.loaded_models import LoadedModels, Text
from inference.model_server.processor_time import Computed, ProcessorMeter, measured
from inference.model_server.schemas import (
    EmbeddingRequest,
    PredictRequest,
    RequestRefused,
    RerankRequest,
    embedding_response,
    invalid,
    predict_response,
    rerank_response,
)
from inference.model_server.transcriber import Transcriber, read_request

logger = logging.getLogger(__name__)

WARM_UP = "Quels sont les délais pour déposer une demande ?"


class ModelService:
    """An embedding model and, if configured, a reranker and a model of entailment.

    Each is behind its own queue.

    Used as an asynchronous context manager: inside it the queues are served.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._encoders = LoadedModels(
            configuration.embedding_folders,
            partial(_load_warm, threads=configuration.threads),
            default=configuration.embedding_model,
            unload_after_s=configuration.unload_after_s,
        )
        self._reranker = (
            Reranker(configuration.rerank_model, threads=configuration.threads)
            if configuration.rerank_model
            else None
        )
        self._entailment = (
            EntailmentModel(configuration.entailment_model, threads=configuration.threads)
            if configuration.entailment_model
            else None
        )
        self._transcriber = (
            Transcriber(
                configuration.transcription_folder,
                name=configuration.transcription_model,
                threads=configuration.threads,
            )
            if configuration.transcription_folder
            else None
        )
        self._meter = ProcessorMeter()
        self._background = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._embeddings = await self._start(
            self._encoders.encode, streams=self._encoders.default.streams
        )
        unloading = asyncio.create_task(self._encoders.unload_unused())
        self._background.callback(unloading.cancel)
        if self._reranker:
            self._rerankings = await self._start(self._reranker.score, streams=1)
        if self._entailment:
            self._entailments = await self._start(self._entailment.score, streams=1)
        if self._transcriber:
            self._background.callback(self._transcriber.close)
        return self

    async def __aexit__(self, *_exc_info: object) -> None:
        await self._background.aclose()

    def models(self) -> list[dict[str, Any]]:
        """Return the models served, as /v1/models lists them."""
        served = [_described(name, encoder) for name, encoder in self._encoders.names()]
        for name, model in (
            (self._configuration.rerank_model, self._reranker),
            (self._configuration.entailment_model, self._entailment),
        ):
            if model:
                described = {"id": name, "object": "model", "owned_by": "ragapp"}
                served.append(described | {"max_model_len": model.max_tokens})
        if self._transcriber:
            served.append({"id": self._transcriber.name, "object": "model", "owned_by": "ragapp"})
        return served

    def queued(self) -> dict[str, int]:
        """Return the number of texts waiting to be embedded, by priority."""
        return self._embeddings.queued()

    async def embed(self, request: EmbeddingRequest, priority: Priority, tenant: str) -> bytes:
        """Return the JSON response to an embedding request, in the turn of ``tenant``.

        Raises RequestRefused.
        """
        model = request.model or self._configuration.embedding_model
        encoder = await self._encoder_of(model)
        if request.dimensions is not None and not 0 < request.dimensions <= encoder.dimensions:
            raise invalid(
                f"{model} makes vectors of at most {encoder.dimensions} dimensions", "dimensions"
            )
        self._check_count(request.texts, "input")
        tokenized = await asyncio.to_thread(encoder.tokenize, request.texts)
        _check_lengths(tokenized, encoder.max_tokens, "input")
        entries = [Entry(Text(model, each.payload), each.n_tokens, model) for each in tokenized]
        computed = await _submit(self._embeddings, entries, priority, tenant)
        return embedding_response(
            [shortened(each.result, request.dimensions) for each in computed],
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
        pairs = [(request.query, document) for document in request.documents]
        entries = await asyncio.to_thread(self._reranker.tokenize, pairs)
        _check_lengths(entries, self._reranker.max_tokens, "documents")
        computed = await _submit(self._rerankings, entries, Priority.QUERY)
        return rerank_response(
            [each.result for each in computed],
            model=model,
            n_tokens=_total(entries),
            processor_seconds=sum(each.processor_seconds for each in computed),
            top_n=request.top_n,
        )

    async def predict(self, request: PredictRequest) -> bytes:
        """Return the JSON response to a request for entailments. Raises RequestRefused."""
        if self._entailment is None:
            raise RequestRefused(
                HTTPStatus.NOT_FOUND,
                "model_not_found",
                "no model of entailment is set: give ENTAILMENT_MODEL",
            )
        model = self._configuration.entailment_model
        _check_model(request.model, model)
        self._check_count([first for first, _second in request.inputs], "inputs")
        entries = await asyncio.to_thread(self._entailment.tokenize, request.inputs)
        if not request.truncate:
            _check_lengths(entries, self._entailment.max_tokens, "inputs")
        computed = await _submit(self._entailments, entries, Priority.QUERY)
        return predict_response(
            [each.result for each in computed],
            self._entailment.labels,
            model=model,
            n_tokens=_total(entries),
            processor_seconds=sum(each.processor_seconds for each in computed),
        )

    async def _encoder_of(self, model: str) -> Encoder:
        """Return the encoder of a model. Raises RequestRefused."""
        try:
            return await self._encoders.get(model)
        except KeyError as error:
            names = ", ".join(self._configuration.embedding_folders)
            raise _not_served(model, names) from error
        except FileNotFoundError as error:
            logger.error("%s", error)
            message = f"the model {model} is not prepared on this server"
            raise RequestRefused(
                HTTPStatus.SERVICE_UNAVAILABLE, "model_not_prepared", message, param="model"
            ) from error

    async def transcribe(self, content_type: str, body: bytes) -> bytes:
        """Return the JSON response to a request for a transcription. Raises RequestRefused."""
        if self._transcriber is None:
            raise RequestRefused(
                HTTPStatus.NOT_FOUND,
                "model_not_found",
                "no model of speech is set: give TRANSCRIPTION_FOLDER",
            )
        request = await asyncio.to_thread(read_request, content_type, body)
        return await self._transcriber.transcribe(request)

    async def _start(self, compute: Any, *, streams: int) -> Batcher:
        executor = ThreadPoolExecutor(max_workers=streams, thread_name_prefix="model")
        batcher = Batcher(
            measured(compute, self._meter),
            executor,
            max_queued=self._configuration.max_queued_texts,
            streams=streams,
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
        raise _not_served(asked, served)


def _not_served(asked: str | None, served: str) -> RequestRefused:
    message = f"the model {asked} is not served here, {served} is"
    return RequestRefused(HTTPStatus.NOT_FOUND, "model_not_found", message, param="model")


def _load_warm(folder: Path, *, threads: int) -> Encoder:
    """Load a model; the first run compiles and reads the weights from disk."""
    encoder = load_encoder(folder, threads=threads)
    encoder.encode([encoder.tokenize([WARM_UP])[0].payload])
    return encoder


def _described(name: str, encoder: Encoder | None) -> dict[str, Any]:
    described: dict[str, Any] = {"id": name, "object": "model", "owned_by": "ragapp"}
    if encoder is not None:
        described |= {"max_model_len": encoder.max_tokens, "dimensions": encoder.dimensions}
    return described


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
