"""Django's middleware, run in the event loop instead of in threads.

Under ASGI Django runs each hook of each middleware in a thread of the request, twenty hops a
request. While the event loop is busy every hop waits for the interpreter's lock: with fifty
questions at once it took seconds until the first search. These hooks read headers and cookies
only, so they need no thread; the two that may do more use one.
"""

from collections.abc import Callable
from typing import Any

import csp.middleware
from asgiref.sync import sync_to_async
from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware import clickjacking, common, csrf, gzip, locale, security

from instances.tenancy import in_database

# The most that is compressed, or parsed as a form, in the event loop; more would block it.
INLINE_BYTES = 64 << 10
_COMPRESSED_TYPES = frozenset({"text/html", "application/json"})


class Inline:
    """Calls ``process_request`` and ``process_response`` in the event loop."""

    get_response: Callable[[HttpRequest], Any]

    async def __acall__(self, request: HttpRequest) -> Any:
        response = None
        if hasattr(self, "process_request"):
            response = self.process_request(request)
        response = response or await self.get_response(request)
        if hasattr(self, "process_response"):
            response = self.process_response(request, response)
        return response


class SecurityMiddleware(Inline, security.SecurityMiddleware): ...


class GZipMiddleware(Inline, gzip.GZipMiddleware):
    """Compresses pages and JSON, with Django's random length against BREACH.

    Never streams: an event must leave at once, and files of documents are compressed already.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Compress a whole response of text that the browser accepts compressed."""
        kind = response.get("Content-Type", "").partition(";")[0]
        if not isinstance(response, HttpResponse) or kind not in _COMPRESSED_TYPES:
            return response
        return super().process_response(request, response)

    async def __acall__(self, request: HttpRequest) -> Any:
        response = await self.get_response(request)
        if not response.streaming and len(response.content) > INLINE_BYTES:
            compress = sync_to_async(self.process_response, thread_sensitive=False)
            return await compress(request, response)
        return self.process_response(request, response)


class CSPMiddleware(Inline, csp.middleware.CSPMiddleware): ...


class LocaleMiddleware(Inline, locale.LocaleMiddleware): ...


class CommonMiddleware(Inline, common.CommonMiddleware): ...


class AuthenticationMiddleware(Inline, auth.AuthenticationMiddleware): ...


class MessageMiddleware(Inline, messages.MessageMiddleware): ...


class XFrameOptionsMiddleware(Inline, clickjacking.XFrameOptionsMiddleware): ...


class SessionMiddleware(sessions.SessionMiddleware):
    """Saves a session that has changed in a thread for database work."""

    get_response: Callable[[HttpRequest], Any]

    async def __acall__(self, request: HttpRequest) -> Any:
        self.process_request(request)
        response = await self.get_response(request)
        if request.session.modified:
            # The view's connection goes back first: as many logins at once as the pool has
            # connections would otherwise each hold one and wait for another.
            await sync_to_async(_give_back_connection)()
            return await in_database(self.process_response, request, response)
        return self.process_response(request, response)


def _give_back_connection() -> None:
    """Give this thread's connection back to the pool."""
    connection.close()


class CsrfViewMiddleware(Inline, csrf.CsrfViewMiddleware):
    """Reads a large form, which contains the token, in a thread."""

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)
        if self.async_mode:
            # Django's annotations allow synchronous hooks only.
            self.process_view = self._process_view_inline  # type: ignore[assignment, method-assign]

    async def _process_view_inline(self, request: HttpRequest, *args: Any) -> Any:
        process_view = super().process_view
        if request.method == "POST" and _is_long_to_parse(request):
            return await sync_to_async(process_view)(request, *args)
        return process_view(request, *args)


def _is_long_to_parse(request: HttpRequest) -> bool:
    """Whether the body has several parts, or is large, or its length is not declared."""
    declared = request.META.get("CONTENT_LENGTH") or ""
    is_small = declared.isdigit() and int(declared) <= INLINE_BYTES
    return request.content_type == "multipart/form-data" or not is_small
