"""The ASGI application: routes, the API key, and requests whose caller has gone."""

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from http import HTTPStatus
from typing import Any

import orjson

from inference.model_server.batching import Priority
from inference.model_server.schemas import EmbeddingRequest, RequestRefused, RerankRequest
from inference.model_server.service import ModelService

logger = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Handler = Callable[[bytes, dict[str, str]], Awaitable[bytes]]

PRIORITY_HEADER = "x-priority"
# Whose turn the texts wait in: any text, the same for those that share a turn.
TENANT_HEADER = "x-tenant"


class ClientGone(Exception):
    """The caller closed the connection before its request was complete."""


class ModelServerApp:
    """Serves the models of `service`, with `api_key` (empty: none asked) on everything in /v1/."""

    def __init__(self, service: ModelService, *, api_key: str, max_body_bytes: int) -> None:
        self._service = service
        self._api_key = api_key
        self._max_body_bytes = max_body_bytes
        self._routes: dict[tuple[str, str], Handler] = {
            ("POST", "/v1/embeddings"): self._embeddings,
            ("POST", "/v1/rerank"): self._rerank,
            ("GET", "/v1/models"): self._models,
            ("GET", "/healthz"): self._healthz,
        }

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with self._service:
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        try:
            handler = self._route(scope, headers)
            body = await self._read_body(receive)
            response = await _unless_gone(handler(body, headers), receive)
            await _respond(send, HTTPStatus.OK, response)
        except RequestRefused as refusal:
            logger.info("%s %s: %s", refusal.status, scope["path"], refusal)
            await _respond(send, refusal.status, orjson.dumps(refusal.body()), refusal.headers)
        except ClientGone:
            logger.info("%s: the caller has gone", scope["path"])

    def _route(self, scope: Message, headers: dict[str, str]) -> Handler:
        path, method = scope["path"], scope["method"]
        handler = self._routes.get((method, path))
        if handler is None:
            known = any(path == route for _, route in self._routes)
            status = HTTPStatus.METHOD_NOT_ALLOWED if known else HTTPStatus.NOT_FOUND
            raise RequestRefused(status, "not_found", f"{method} {path} is not served here")
        if path.startswith("/v1/"):
            self._check_key(headers.get("authorization", ""))
        return handler

    def _check_key(self, authorization: str) -> None:
        expected = f"Bearer {self._api_key}".encode()
        if self._api_key and not hmac.compare_digest(authorization.encode(), expected):
            raise RequestRefused(
                HTTPStatus.UNAUTHORIZED, "invalid_api_key", "the API key is missing or wrong"
            )

    async def _read_body(self, receive: Receive) -> bytes:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            body += message.get("body", b"")
            if len(body) > self._max_body_bytes:
                raise RequestRefused(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                    "body_too_large",
                    f"the body exceeds {self._max_body_bytes} bytes",
                )
            if not message.get("more_body"):
                return bytes(body)

    async def _embeddings(self, body: bytes, headers: dict[str, str]) -> bytes:
        name = headers.get(PRIORITY_HEADER, "passage").upper()
        priority = Priority.__members__.get(name, Priority.PASSAGE)
        tenant = headers.get(TENANT_HEADER, "")
        return await self._service.embed(EmbeddingRequest.parse(body), priority, tenant)

    async def _rerank(self, body: bytes, _headers: dict[str, str]) -> bytes:
        return await self._service.rerank(RerankRequest.parse(body))

    async def _models(self, _body: bytes, _headers: dict[str, str]) -> bytes:
        return orjson.dumps({"object": "list", "data": self._service.models()})

    async def _healthz(self, _body: bytes, _headers: dict[str, str]) -> bytes:
        return orjson.dumps({"status": "ok", "queued": self._service.queued()})


async def _unless_gone(work: Awaitable[bytes], receive: Receive) -> bytes:
    """The result of `work`, which is cancelled when the caller closes the connection first."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_wait_for_disconnect(receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientGone
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _respond(
    send: Send, status: HTTPStatus, body: bytes, headers: Mapping[str, str] | None = None
) -> None:
    fields = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        **(headers or {}),
    }
    encoded = [(name.encode(), value.encode()) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": int(status), "headers": encoded})
    await send({"type": "http.response.body", "body": body})
