"""Refuses a request whose body is larger than any upload, before it fills the disk.

Django's ASGI handler spools the whole body before the first view or check runs.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import orjson

from ingestion.errors import FileTooLarge, user_message

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
# As django-stubs has it: loose in what it receives, so that ASGIHandler fits.
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]


class BodyLimit:
    """An ASGI application that answers 413 beyond ``max_bytes``, else passes the request on."""

    def __init__(self, application: Application, max_bytes: int) -> None:
        self._application = application
        self._max_bytes = max_bytes

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        declared = dict(scope.get("headers", ())).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._max_bytes:
            await _refuse(send)
            return
        received_bytes = 0

        async def counted() -> Message:
            nonlocal received_bytes
            message = await receive()
            received_bytes += len(message.get("body", b""))
            if received_bytes > self._max_bytes:
                # For the application the client has gone; it has answered nothing yet.
                return {"type": "http.disconnect"}
            return message

        await self._application(scope, counted, send)
        if received_bytes > self._max_bytes:
            await _refuse(send)


async def _refuse(send: Send) -> None:
    code = FileTooLarge.code
    body = orjson.dumps({"error": {"code": code, "message": str(user_message(code))}})
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
