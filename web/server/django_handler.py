"""Django's ASGI handler, with what it lacks of HTTP.

- Bodies whose length the client did not declare: Django reads no form and no file from a body
  without Content-Length, although its handler has received the whole body by then.
- HEAD for the operations of the HTTP API (RFC 9110, section 9.3.2).
- Bodies that their view reads as they arrive (``web.server.body_stream``).
- ``OPTIONS *``, which asks about the server and not about an address (section 9.3.7).
- Charsets: Django decodes forms and queries by the charset that the client declares for the body,
  also by one that is none ("hex"), which is an error of the server. All text is UTF-8 here.
"""

import os
from collections.abc import Callable, Mapping, MutableMapping
from concurrent.futures import Executor
from http import HTTPStatus
from typing import IO, Any

from asgiref.sync import SyncToAsync, ThreadSensitiveContext
from django.core.exceptions import BadRequest
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from web.json_errors import is_api_path, json_error
from web.server.body_stream import BODY_STREAM, BodyStream
from web.server.request_threads import RequestThread
from web.server.scope import Message, Receive, Scope, Send

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_THREAD = "ragapp.thread"
_UTF_8 = ("utf-8", "utf8", "us-ascii", "ascii")
_METHODS = (b"allow", b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")


class Utf8Request(ASGIRequest):
    """A request whose text is UTF-8; a form that declares another charset is a bad request."""

    def _set_content_type_params(self, meta: Mapping[str, Any]) -> None:
        super()._set_content_type_params(meta)  # type: ignore[misc]  # not in the annotations
        self.encoding = "utf-8"

    def _load_post_and_files(self) -> None:
        charset = (self.content_params or {}).get("charset", "utf-8").lower()
        if self.content_type in _FORMS and charset not in _UTF_8:
            self._mark_post_parse_error()  # type: ignore[attr-defined]  # not in the annotations
            raise BadRequest(f"a form in {charset}")
        super()._load_post_and_files()


class DjangoHandler(ASGIHandler):
    """Serves requests to the end of their bodies, with a thread only for those that need one."""

    request_class = Utf8Request

    def __init__(self, is_streamed: Callable[[Scope], bool] = lambda _scope: False) -> None:
        super().__init__()
        self._is_streamed = is_streamed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As in Django, with threads that other requests have left (``RequestThread``)."""
        if scope["method"] == "OPTIONS" and scope["path"] == "*":
            start = {"type": "http.response.start", "status": HTTPStatus.NO_CONTENT.value}
            await send(start | {"headers": [_METHODS]})
            await send({"type": "http.response.body", "body": b""})
            return
        thread = RequestThread()
        stream = BodyStream(receive) if self._is_streamed(scope) else None

        async def noting_send(message: Message) -> None:
            if stream is not None and stream.is_cut:
                return
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                thread.is_answered = True

        context = ThreadSensitiveContext()  # type: ignore[no-untyped-call]
        executors: MutableMapping[Any, Executor] = SyncToAsync.context_to_thread_executor  # type: ignore[assignment]  # any executor will do
        executors[context] = thread
        async with context:
            await self.handle(
                scope | {_THREAD: thread, BODY_STREAM: stream},
                receive if stream is None else stream.receive,
                noting_send,
            )

    def create_request(
        self, scope: Mapping[str, Any], body_file: IO[bytes]
    ) -> tuple[ASGIRequest, None] | tuple[None, HttpResponseBase]:
        """As in Django, with the length of the body that was received (RFC 9112, section 7.1)."""
        scope[_THREAD].has_begun = True
        is_stored = scope[BODY_STREAM] is None
        if is_stored and any(name == b"transfer-encoding" for name, _value in scope["headers"]):
            body_file.seek(0, os.SEEK_END)
            length = (b"content-length", b"%d" % body_file.tell())
            body_file.seek(0)
            scope = {**scope, "headers": [*scope["headers"], length]}
        if scope["method"] == "HEAD" and is_api_path(scope["path"]):
            # The web server sends no body to a HEAD.
            scope = {**scope, "method": "GET"}
        created = super().create_request(scope, body_file)
        if created[0] is None:
            message = _("This request cannot be understood.")
            return None, json_error(HTTPStatus.BAD_REQUEST, "bad_request", message)
        return created
