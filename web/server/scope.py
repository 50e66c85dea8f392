"""What the ASGI applications of this package share: types, reading a scope, refusing a request."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from django.core.handlers.asgi import get_script_prefix
from django.utils.functional import Promise

from web.client_address import address_behind_proxy
from web.json_errors import error_body

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def path_of(scope: Scope) -> str:
    """Return the path of a request as URL patterns see it, with its leading slash."""
    path: str = scope["path"]
    return "/" + path.removeprefix(get_script_prefix(scope) or "").lstrip("/")


def header(scope: Scope, name: bytes) -> str:
    """Return the last value of the header ``name`` (in lower case), "" for none."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    return headers.get(name, b"").decode("latin-1")


def address_of(scope: Scope) -> str | None:
    """Return the client's IP address; None for a connection without one (a Unix socket)."""
    host, _port = scope.get("client") or ("", 0)
    return address_behind_proxy(host, header(scope, b"x-forwarded-for"))


@dataclass(frozen=True)
class Refusal:
    """Why a request is refused: HTTP status, stable code, sentence."""

    status: int
    code: str
    message: str | Promise


async def refuse(send: Send, refusal: Refusal) -> None:
    """Answer with a JSON error, without reading the rest of the request's body."""
    body = orjson.dumps(error_body(refusal.status, refusal.code, refusal.message))
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
