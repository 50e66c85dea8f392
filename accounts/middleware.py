"""The person's own language, and the change of a password that somebody else has seen."""

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import get_user
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.decorators import sync_and_async_middleware

from instances.tenancy import in_database

Handler = Callable[[HttpRequest], Any]


def _activate(request: HttpRequest, user: Any) -> None:
    if user.is_authenticated and user.language:
        translation.activate(user.language)
        request.LANGUAGE_CODE = user.language


async def _load_user(request: HttpRequest) -> Any:
    """Load the session and its user, for ``request.user`` and ``request.auser()`` alike.

    Never in the request's own thread, which would keep its connection until the end of the
    response: with as many streams as the pool has connections, nobody else would be served.
    """
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        user = await in_database(get_user, request)
    else:
        user = get_user(request)
    request._acached_user = user  # type: ignore[attr-defined]  # where auser() looks
    return user


@sync_and_async_middleware
def user_language(get_response: Handler) -> Handler:
    """Prefer the language chosen in the profile to the browser's."""
    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> Any:
            _activate(request, await _load_user(request))
            return await get_response(request)

        return middleware

    def sync_middleware(request: HttpRequest) -> Any:
        _activate(request, request.user)
        return get_response(request)

    return sync_middleware


def _must_change(request: HttpRequest, user: Any) -> bool:
    return bool(
        user.is_authenticated
        and user.must_change_password
        and not request.path.startswith(("/accounts/", "/static/", "/i18n/"))
    )


@sync_and_async_middleware
def require_password_change(get_response: Handler) -> Handler:
    """Send whoever still has an issued password to the page that changes it."""
    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> Any:
            if _must_change(request, await request.auser()):
                return redirect(reverse("account_change_password"))
            return await get_response(request)

        return middleware

    def sync_middleware(request: HttpRequest) -> Any:
        if _must_change(request, request.user):
            return redirect(reverse("account_change_password"))
        return get_response(request)

    return sync_middleware
