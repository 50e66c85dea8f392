"""uvicorn's HTTP protocol with limits on connections, JSON errors, and answers for HTTP/1.0.

uvicorn waits for the head of a request without limit, and accepts one of any size. Here a
connection is closed when a head takes too long or is too large, when a client goes on sending a
body that is not read, and when its address has too many connections already.

uvicorn sends chunks to clients of HTTP/1.0, which do not know them. Here such a client gets the
plain bytes, whose end is the end of the connection (RFC 9112, section 6.3), and no 100 before them
(RFC 9110, section 10.1.1).

Parsers skip the body of a request that offers another protocol, as clients in Java do by default
and curl does with ``--http2``. Here the offer is not read, as a server may (RFC 9110, section 7.8).

What is refused before it reaches the application is refused in JSON, as any error for programs.
"""

import re
from asyncio import TimerHandle, Transport
from collections import Counter
from http import HTTPStatus
from typing import Any

import orjson
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from web.json_errors import error_body
from web.server.scope import Application, Message, Receive, Refusal, Scope, Send

MAX_URL_BYTES = 16 << 10
MAX_HEAD_BYTES = 64 << 10
# Time in which a client may read an answer that came before it had sent its whole body.
LINGER_S = 5.0

_NOT_HTTP = Refusal(400, "bad_request", _("This is not a valid HTTP request."))
_HEAD_TOO_SLOW = Refusal(408, "timeout", _("The head of the request did not arrive in time."))
_URL_TOO_LONG = Refusal(414, "url_too_long", _("This address is too long."))
_TOO_MANY_CONNECTIONS = Refusal(
    429, "too_many_connections", _("You have too many connections. Close some, then try again.")
)
_HEAD_TOO_LARGE = Refusal(431, "headers_too_large", _("The headers of the request are too large."))

# An address, or the whole server (RFC 9112, sections 3.2.1 to 3.2.4).
_TARGET = re.compile(rb"[A-Z-]+ (/|(?i:https?)://)|OPTIONS \*$")
_UPGRADE = re.compile(rb"\r\nupgrade:", re.IGNORECASE)

_connections: Counter[str] = Counter()


class LimitedHttpProtocol(HttpToolsProtocol):
    """One connection."""

    _address: str | None = None
    _head_timer: TimerHandle | None = None
    _linger_timer: TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client and not settings.TRUST_PROXY_HEADERS:
            self._address = self.client[0]
            _connections[self._address] += 1
            if _connections[self._address] > settings.MAX_CONNECTIONS_PER_ADDRESS:
                self._refuse(_TOO_MANY_CONNECTIONS)
                return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timers()
        if self._address is not None:
            _connections[self._address] -= 1
            if not _connections[self._address]:
                del _connections[self._address]
            self._address = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_between_requests() and self._head_timer is None:
            self._await_head()
        if self._head_timer is not None:
            data = _without_upgrade(data)
        super().data_received(data)

    def on_message_begin(self) -> None:
        self._head_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > MAX_URL_BYTES:
            self._refuse(_URL_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(_HEAD_TOO_LARGE)
            return
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._cancel("_head_timer")
        if self.parser.get_http_version() == "1.0":
            self.expect_100_continue = False
        elif sum(name == b"host" for name, _value in self.headers) != 1:
            # RFC 9112, section 3.2.
            self._refuse(_NOT_HTTP)
        elif not _TARGET.match(self.parser.get_method() + b" " + self.url):
            self._refuse(_NOT_HTTP)
        if not self.transport.is_closing():
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self.cycle is not None:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self._linger_timer is not None:
            self.transport.close()
        elif self.cycle is not None:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.more_body and not self.transport.is_closing():
            self._unset_keepalive_if_required()
            self._linger_timer = self.loop.call_later(LINGER_S, self.transport.close)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if cycle.scope["http_version"] == "1.0":
            app = _without_chunks(app, cycle)
        super()._start_asgi_task(cycle, app)

    def _is_between_requests(self) -> bool:
        return self.cycle is None or (self.cycle.response_complete and not self.cycle.more_body)

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(
            settings.REQUEST_HEAD_TIMEOUT_S, self._refuse, _HEAD_TOO_SLOW
        )

    def send_400_response(self, msg: str) -> None:
        if self.cycle is not None and self.cycle.response_started:
            # The error would be a part of the answer that is being sent.
            self.transport.close()
        self._refuse(_NOT_HTTP)

    def _refuse(self, refusal: Refusal) -> None:
        """Answer before there is a request, and close."""
        if self.transport.is_closing():
            return
        body = orjson.dumps(error_body(refusal.status, refusal.code, refusal.message))
        head = (
            f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}\r\n"
            f"connection: close\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _stop_timers(self) -> None:
        self._cancel("_head_timer")
        self._cancel("_linger_timer")

    def _cancel(self, name: str) -> None:
        timer: Any = getattr(self, name)
        if timer is not None:
            timer.cancel()
            setattr(self, name, None)


def _without_upgrade(data: bytes) -> bytes:
    """Return the beginning of a request with another name for the header ``Upgrade``."""
    head, end, body = data.partition(b"\r\n\r\n")
    return _UPGRADE.sub(b"\r\nx-upgrade:", head) + end + body


def _without_chunks(application: Application, cycle: RequestResponseCycle) -> Application:
    """Return ``application`` with answers of unknown length that end with the connection."""

    async def unchunked(scope: Scope, receive: Receive, send: Send) -> None:
        has_length = False

        async def send_plain(message: Message) -> None:
            nonlocal has_length
            if message["type"] == "http.response.start":
                headers = message.get("headers", ())
                has_length = any(name.lower() == b"content-length" for name, _ in headers)
                if not has_length:
                    # Otherwise uvicorn chooses chunks.
                    cycle.chunked_encoding = False
            elif not has_length:
                # uvicorn compares what is sent with what was declared.
                cycle.expected_content_length = len(message.get("body", b""))
            await send(message)

        await application(scope, receive, send_plain)

    return unchunked
