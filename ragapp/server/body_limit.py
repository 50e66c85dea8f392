"""Bounds what a request may send, and how long it may take, before Django keeps any of it.

Django's ASGI handler spools the whole body, to disk past 1 MiB, before the first view or check
runs. So it is decided here how large a body may be, who may send a large one, how slowly it may
come, and how much of it may be kept at a time for one person or address.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from ingestion.errors import FileTooLarge, user_message
from ragapp.server.scope import (
    Application,
    Message,
    Receive,
    Refusal,
    Scope,
    Send,
    address_of,
    header,
    path_of,
    refuse,
)
from ragapp.server.upload_access import is_upload, uploader_of

MAX_BODY_BYTES = 4 << 20
# Of the HTTP API: its JSON is parsed and validated in the event loop.
MAX_JSON_BYTES = 1 << 20
# An upload holds one file, and a few fields beside it.
_ROOM_FOR_FIELDS = 1 << 20
# Kept at a time: of all the forms of one address, and of all the uploads of one person or key.
MAX_SPOOLED_FORM_BYTES = 64 << 20
MAX_UPLOADS_AT_ONCE = 4
# Once the first seconds have passed, a body must come at this rate on average.
MIN_BYTES_PER_S = 8 << 10

_API_PATHS = ("/api/", "/v1/")
_MAX_DIGITS = 18

FILE_TOO_LARGE = Refusal(413, FileTooLarge.code, user_message(FileTooLarge.code))
TOO_LARGE = Refusal(413, "too_large", _("This is too large to be sent."))
TOO_SLOW = Refusal(408, "timeout", _("What you sent did not arrive in time. Try again."))
TOO_MUCH_AT_ONCE = Refusal(
    429, "too_much_at_once", _("You are sending too much at once. Wait until some of it is done.")
)


@dataclass(frozen=True)
class Allowance:
    """How large a body may be, for whom it is counted, and how much theirs may be at a time."""

    max_bytes: int
    sender: str
    max_spooled_bytes: int
    too_large: Refusal


class BodyLimit:
    """An ASGI application that passes requests on whose bodies are within the limits."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._spooled: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        allowance = await _allowance_of(scope)
        if allowance is None:
            # Whoever may not upload gets the answer of the page, which needs no file for it.
            await self._application(_without_body(scope), _empty_body(), send)
            return
        if _declared_bytes(scope) > allowance.max_bytes:
            await refuse(send, allowance.too_large)
            return
        body = _Body(receive, allowance, self._spooled, settings.REQUEST_BODY_TIMEOUT_S)
        try:
            await self._application(scope, body.receive, send)
        finally:
            body.release()
        if body.refusal is not None:
            await refuse(send, body.refusal)


@dataclass
class _Body:
    """The body of one request while it is received."""

    source: Receive
    allowance: Allowance
    spooled: Counter[str]
    timeout_s: float
    refusal: Refusal | None = None
    received_bytes: int = 0
    is_complete: bool = False
    started: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    async def receive(self) -> Message:
        """Return the next part; for the application a refused sender has gone."""
        if self.is_complete:
            return await self.source()
        try:
            async with asyncio.timeout_at(self._deadline()):
                message = await self.source()
        except TimeoutError:
            self.refusal = TOO_SLOW
        else:
            self.refusal = self._count(len(message.get("body", b"")))
        if self.refusal is not None:
            return {"type": "http.disconnect"}
        self.is_complete = not message.get("more_body")
        return message

    def release(self) -> None:
        """Count the body no longer: Django has deleted it."""
        self.spooled[self.allowance.sender] -= self.received_bytes
        if self.spooled[self.allowance.sender] <= 0:
            del self.spooled[self.allowance.sender]

    def _deadline(self) -> float:
        """When the next part must be there: after a pause, and at the least rate on average."""
        on_average = self.started + self.timeout_s + self.received_bytes / MIN_BYTES_PER_S
        return min(asyncio.get_running_loop().time() + self.timeout_s, on_average)

    def _count(self, n_bytes: int) -> Refusal | None:
        self.received_bytes += n_bytes
        self.spooled[self.allowance.sender] += n_bytes
        if self.received_bytes > self.allowance.max_bytes:
            return self.allowance.too_large
        if self.spooled[self.allowance.sender] > self.allowance.max_spooled_bytes:
            return TOO_MUCH_AT_ONCE
        return None


async def _allowance_of(scope: Scope) -> Allowance | None:
    """What a request may send; None when it would upload and may not."""
    if is_upload(scope):
        uploader = await uploader_of(scope)
        if uploader is None:
            return None
        max_bytes = settings.MAX_UPLOAD_BYTES + _ROOM_FOR_FIELDS
        return Allowance(max_bytes, uploader, MAX_UPLOADS_AT_ONCE * max_bytes, FILE_TOO_LARGE)
    is_json = path_of(scope).startswith(_API_PATHS)
    max_bytes = MAX_JSON_BYTES if is_json else MAX_BODY_BYTES
    address = address_of(scope) or ""
    return Allowance(max_bytes, f"address {address}", MAX_SPOOLED_FORM_BYTES, TOO_LARGE)


def _declared_bytes(scope: Scope) -> int:
    declared = header(scope, b"content-length")
    if not declared.isdecimal():
        return 0
    return int(declared[:_MAX_DIGITS])


def _without_body(scope: Scope) -> Scope:
    headers = [(name, value) for name, value in scope["headers"] if name != b"content-length"]
    return scope | {"headers": headers}


def _empty_body() -> Receive:
    """Give an empty body, and nothing after it: what the client sends is not asked for."""
    parts = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Message:
        if (part := next(parts, None)) is not None:
            return part
        nothing: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        return await nothing

    return receive
