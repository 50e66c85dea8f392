"""The HTTP application: routes, the API key, the size of bodies, callers who disconnect."""

import asyncio
import hmac
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from inference.model_server.batching import Priority
from inference.model_server.schemas import (
    EmbeddingRequest,
    PredictRequest,
    RequestRefused,
    RequestT,
    RerankRequest,
    parse,
)
from inference.model_server.service import ModelService

logger = logging.getLogger(__name__)

PRIORITY_HEADER = "x-priority"
# Texts with the same value wait in the same turn.
TENANT_HEADER = "x-tenant"
# nginx's status for a caller who closed the connection; nobody receives it.
_CALLER_DISCONNECTED = 499
# Ten minutes of sound (`transcriber.MAX_SECONDS`), and the fields around it.
_MAX_SOUND_BYTES = 20 * 2**20


def model_server(service: ModelService, *, api_key: str, max_body_bytes: int) -> Starlette:
    """Return the application that serves the models of ``service``.

    Every path below /v1/ requires ``api_key``, unless it is empty.
    """
    endpoints = _Endpoints(service, api_key, max_body_bytes)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with service:
            yield

    handlers: dict[Any, Any] = {
        RequestRefused: _refused,
        HTTPException: _not_routed,
        ClientDisconnect: _disconnected,
        Exception: _failed,
    }
    return Starlette(
        routes=[
            Route("/v1/embeddings", endpoints.embeddings, methods=["POST"]),
            Route("/v1/rerank", endpoints.rerank, methods=["POST"]),
            Route("/v1/predict", endpoints.predict, methods=["POST"]),
            Route("/v1/audio/transcriptions", endpoints.transcriptions, methods=["POST"]),
            Route("/v1/models", endpoints.models),
            Route("/healthz", endpoints.health),
        ],
        exception_handlers=handlers,
        lifespan=lifespan,
    )


class _Endpoints:
    """What each route answers."""

    def __init__(self, service: ModelService, api_key: str, max_body_bytes: int) -> None:
        self._service = service
        self._api_key = api_key
        self._max_body_bytes = max_body_bytes

    async def embeddings(self, request: Request) -> Response:
        payload = await self._read(request, EmbeddingRequest)
        name = request.headers.get(PRIORITY_HEADER, "passage").upper()
        priority = Priority.__members__.get(name, Priority.PASSAGE)
        tenant = request.headers.get(TENANT_HEADER, "")
        return _json(
            await _unless_disconnected(request, self._service.embed(payload, priority, tenant))
        )

    async def rerank(self, request: Request) -> Response:
        payload = await self._read(request, RerankRequest)
        return _json(await _unless_disconnected(request, self._service.rerank(payload)))

    async def predict(self, request: Request) -> Response:
        payload = await self._read(request, PredictRequest)
        return _json(await _unless_disconnected(request, self._service.predict(payload)))

    async def transcriptions(self, request: Request) -> Response:
        body = await self._body(request, max(self._max_body_bytes, _MAX_SOUND_BYTES))
        content_type = request.headers.get("content-type", "")
        return _json(
            await _unless_disconnected(request, self._service.transcribe(content_type, body))
        )

    async def models(self, request: Request) -> Response:
        self._check_key(request)
        return _json(orjson.dumps({"object": "list", "data": self._service.models()}))

    async def health(self, _request: Request) -> Response:
        return _json(orjson.dumps({"status": "ok", "queued": self._service.queued()}))

    async def _read(self, request: Request, kind: type[RequestT]) -> RequestT:
        """Return the body as a ``kind``. Raises RequestRefused, ClientDisconnect."""
        return parse(kind, await self._body(request, self._max_body_bytes))

    async def _body(self, request: Request, max_bytes: int) -> bytes:
        self._check_key(request)
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > max_bytes:
                raise RequestRefused(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                    "body_too_large",
                    f"the body exceeds {max_bytes} bytes",
                )
        return bytes(body)

    def _check_key(self, request: Request) -> None:
        given = request.headers.get("authorization", "")
        expected = f"Bearer {self._api_key}".encode()
        if self._api_key and not hmac.compare_digest(given.encode(), expected):
            raise RequestRefused(
                HTTPStatus.UNAUTHORIZED, "invalid_api_key", "the API key is missing or wrong"
            )


async def _unless_disconnected(request: Request, work: Coroutine[Any, Any, bytes]) -> bytes:
    """Return the result of ``work``; cancel it when the caller closes the connection first.

    Raises ClientDisconnect then.
    """
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_wait_for_disconnect(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()


async def _wait_for_disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _json(content: bytes) -> Response:
    return Response(content, media_type="application/json")


async def _refused(request: Request, error: RequestRefused) -> Response:
    logger.info("%s %s: %s", error.status, request.url.path, error)
    return Response(
        orjson.dumps(error.body()),
        status_code=error.status,
        headers=dict(error.headers),
        media_type="application/json",
    )


async def _not_routed(request: Request, error: HTTPException) -> Response:
    """Answer 404 for an unknown path, 405 for an unknown method."""
    status = HTTPStatus(error.status_code)
    message = f"{request.method} {request.url.path} is not served here"
    refusal = RequestRefused(status, status.name.lower(), message, headers=error.headers)
    return await _refused(request, refusal)


async def _disconnected(request: Request, _error: Exception) -> Response:
    logger.info("%s: the caller has disconnected", request.url.path)
    return Response(status_code=_CALLER_DISCONNECTED)


async def _failed(request: Request, _error: Exception) -> Response:
    """Answer 500; the server logs the error."""
    failure = RequestRefused(
        HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", "the model server failed"
    )
    return await _refused(request, failure)
