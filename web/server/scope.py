"""What our ASGI applications share: types, what a request's scope says, and how it is refused."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from django.core.handlers.asgi import get_script_prefix
from django.utils.functional import Promise

from web.client_address import address_behind_proxy

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def path_of(scope: Scope) -> str:
    """The path of a request as URL patterns see it, with its leading slash."""
    path: str = scope["path"]
    return "/" + path.removeprefix(get_script_prefix(scope) or "").lstrip("/")


def header(scope: Scope, name: bytes) -> str:
    """The last header of that name in lower case, "" for none."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    return headers.get(name, b"").decode("latin-1")


def address_of(scope: Scope) -> str | None:
    """The client's IP address, None where the connection has none (a Unix socket)."""
    host, _port = scope.get("client") or ("", 0)
    return address_behind_proxy(host, header(scope, b"x-forwarded-for"))


@dataclass(frozen=True)
class Refusal:
    """Why a request is not served: HTTP status, stable code, sentence."""

    status: int
    code: str
    message: str | Promise


async def refuse(send: Send, refusal: Refusal) -> None:
    """Answer a request as the HTTP API tells errors, without reading what is left of its body."""
    error = {"code": refusal.code, "message": str(refusal.message)}
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": orjson.dumps({"error": error})})
