"""Django's middleware, run in the event loop instead of in threads.

Under ASGI Django runs each hook of each middleware in a thread of the request, twenty hops a
request. While the event loop is busy every hop waits for the interpreter's lock: fifty questions at
once took seconds before the first was searched. These hooks look at headers and cookies only, so
they need no thread; the two that may do more than that say so.
"""

from collections.abc import Callable
from typing import Any

from asgiref.sync import sync_to_async
from csp.middleware import CSPMiddleware as _CSP
from django.contrib.auth.middleware import AuthenticationMiddleware as _Authentication
from django.contrib.messages.middleware import MessageMiddleware as _Message
from django.contrib.sessions.middleware import SessionMiddleware as _Session
from django.http import HttpRequest, HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware as _XFrameOptions
from django.middleware.common import CommonMiddleware as _Common
from django.middleware.csrf import CsrfViewMiddleware as _CsrfView
from django.middleware.locale import LocaleMiddleware as _Locale
from django.middleware.security import SecurityMiddleware as _Security

from instances.tenancy import in_database


class Inline:
    """Calls ``process_request`` and ``process_response`` where the request is."""

    get_response: Callable[[HttpRequest], Any]

    async def __acall__(self, request: HttpRequest) -> Any:
        response = None
        if hasattr(self, "process_request"):
            response = self.process_request(request)
        response = response or await self.get_response(request)
        if hasattr(self, "process_response"):
            response = self.process_response(request, response)
        return response


class SecurityMiddleware(Inline, _Security): ...


class CSPMiddleware(Inline, _CSP): ...


class LocaleMiddleware(Inline, _Locale): ...


class CommonMiddleware(Inline, _Common): ...


class AuthenticationMiddleware(Inline, _Authentication): ...


class MessageMiddleware(Inline, _Message): ...


class XFrameOptionsMiddleware(Inline, _XFrameOptions): ...


class SessionMiddleware(_Session):
    """A session that has changed is saved in a thread for database work."""

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        self.process_request(request)
        response: HttpResponseBase = await self.get_response(request)
        if request.session.modified:
            return await in_database(self.process_response, request, response)
        return self.process_response(request, response)


class CsrfViewMiddleware(Inline, _CsrfView):
    """The token of an upload lies behind the file, which is read in a thread."""

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)
        if self.async_mode:
            self.process_view = self._process_view_inline

    async def _process_view_inline(self, request: HttpRequest, *args: Any) -> Any:
        process_view = super().process_view
        if request.content_type == "multipart/form-data":
            return await sync_to_async(process_view)(request, *args)
        return process_view(request, *args)
