"""Limits the body of a request before Django stores any of it.

Django's ASGI handler stores the whole body, on disk beyond 1 MiB, before the first view or check
runs. So the size of a body, its rate, and the bytes stored at a time for one person or address are
limited here; the project says who may send how much (``AllowanceOf``).
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from web.server.scope import (
    Application,
    Message,
    Receive,
    Refusal,
    Scope,
    Send,
    header,
    refuse,
)

# Once the first seconds have passed, a body must come at this rate on average.
MIN_BYTES_PER_S = 8 << 10

_MAX_DIGITS = 18

ENCODED = Refusal(
    415, "content_encoding", _("Send the body as it is, without compression (Content-Encoding).")
)
TOO_SLOW = Refusal(408, "timeout", _("What you sent did not arrive in time. Try again."))
TOO_MUCH_AT_ONCE = Refusal(
    429, "too_much_at_once", _("You are sending too much at once. Wait until some of it is done.")
)


@dataclass(frozen=True)
class Allowance:
    """The largest body, whose bodies it is counted with, and the bytes that they may store."""

    max_bytes: int
    sender: str
    max_spooled_bytes: int
    too_large: Refusal


# What a request may send; None when it would upload and may not.
AllowanceOf = Callable[[Scope], Awaitable[Allowance | None]]


class BodyLimit:
    """An ASGI application that passes on the requests whose bodies are within the limits."""

    def __init__(self, application: Application, allowance_of: AllowanceOf) -> None:
        self._application = application
        self._allowance_of = allowance_of
        self._spooled: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        if header(scope, b"content-encoding").strip().lower() not in ("", "identity"):
            await refuse(send, ENCODED)
            return
        allowance = await self._allowance_of(scope)
        if allowance is None:
            # The view refuses the upload, which it does without reading a file.
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
        """Return the next part; to the application, a refused sender has disconnected."""
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
        """Stop counting the body: Django has deleted it."""
        self.spooled[self.allowance.sender] -= self.received_bytes
        if self.spooled[self.allowance.sender] <= 0:
            del self.spooled[self.allowance.sender]

    def _deadline(self) -> float:
        """The time by which the next part must arrive: limits of the pause and of the rate."""
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


def _declared_bytes(scope: Scope) -> int:
    declared = header(scope, b"content-length")
    if not declared.isdecimal():
        return 0
    return int(declared[:_MAX_DIGITS])


def _without_body(scope: Scope) -> Scope:
    headers = [(name, value) for name, value in scope["headers"] if name != b"content-length"]
    return scope | {"headers": headers}


def _empty_body() -> Receive:
    """Receive an empty body and nothing after it: what the client sends is not read."""
    parts = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Message:
        if (part := next(parts, None)) is not None:
            return part
        nothing: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        return await nothing

    return receive
