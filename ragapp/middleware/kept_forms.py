"""Middleware for forms whose typed text the browser keeps (``static/js/forms/kept-forms.js``).

It tells the browser which form the server has taken. A form that was sent without a session leads
to the login and from there back to its page.
"""

import re
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils.decorators import sync_and_async_middleware
from django.utils.http import url_has_allowed_host_and_scheme

COOKIE = "kept_form"
_TOKEN = re.compile(r"[\w-]{1,60}", re.ASCII)
_MAX_AGE_S = 300


@sync_and_async_middleware
def kept_forms(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Set the cookie of a form that was taken, and ``next`` of a login that a form needs."""
    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> Any:
            return _answered(request, await get_response(request))

        return middleware

    def sync_middleware(request: HttpRequest) -> Any:
        return _answered(request, get_response(request))

    return sync_middleware


def _answered(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    if request.method != "POST" or response.status_code >= 400:
        return response
    location = response.get("Location", "")
    if "next" in parse_qs(urlsplit(location).query):
        # A login or another step comes first: the form was not taken.
        if urlsplit(location).path == resolve_url(settings.LOGIN_URL) and (page := _page(request)):
            response["Location"] = f"{urlsplit(location).path}?{urlencode({'next': page})}"
        return response
    token = request.POST.get(COOKIE, "")
    if _TOKEN.fullmatch(token):
        response.set_cookie(
            COOKIE,
            f"{token}.{'redirect' if location else 'page'}",
            max_age=_MAX_AGE_S,
            secure=settings.SESSION_COOKIE_SECURE,
            samesite="Lax",
        )
    return response


def _page(request: HttpRequest) -> str:
    """The path of the page with the form: its own address may take POST only."""
    referer = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(referer, allowed_hosts={request.get_host()}):
        return ""
    parts = urlsplit(referer)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
