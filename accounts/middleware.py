"""The user's language, and steps required before any other page."""

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import get_user
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.decorators import sync_and_async_middleware
from django.utils.http import urlencode

from instances.access.second_factor import has_second_factor
from instances.tenancy import in_database
from people.models import User

# The pages of the steps, and the logout.
_ALWAYS_OPEN = ("/accounts/", "/saml/", "/static/", "/i18n/")

Handler = Callable[[HttpRequest], Any]


def _activate(request: HttpRequest, user: User | AnonymousUser) -> None:
    if user.is_authenticated and user.language:
        translation.activate(user.language)
        request.LANGUAGE_CODE = user.language


async def _load_user(request: HttpRequest) -> User | AnonymousUser:
    """Load the session and its user, for both ``request.user`` and ``request.auser()``.

    Not in the thread of the request, which would keep its connection until the end of the response:
    as many streams as the pool has connections would block all other requests.
    """
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        user = await in_database(get_user, request)
    else:
        user = get_user(request)
    request._acached_user = user  # type: ignore[attr-defined]  # where auser() looks
    return user


@sync_and_async_middleware
def user_language(get_response: Handler) -> Handler:
    """Activate the language of the profile, if set, instead of the browser's."""
    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> Any:
            _activate(request, await _load_user(request))
            return await get_response(request)

        return middleware

    def sync_middleware(request: HttpRequest) -> Any:
        _activate(request, request.user)
        return get_response(request)

    return sync_middleware


def first_step(request: HttpRequest, user: User | AnonymousUser) -> str:
    """Return the URL of the step that the person must take first, "" if none."""
    if not user.is_authenticated or request.path.startswith(_ALWAYS_OPEN):
        return ""
    if user.must_change_password:
        return reverse("account_change_password")
    wanted = settings.REQUIRE_OPERATOR_MFA and user.is_staff
    if wanted and not has_second_factor(request):
        return f"{reverse('second_factor')}?{urlencode({'next': request.get_full_path()})}"
    return ""


@sync_and_async_middleware
def require_first_steps(get_response: Handler) -> Handler:
    """Redirect to required steps: change of an issued password, second factor of operators."""
    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> Any:
            step = first_step(request, await request.auser())
            return redirect(step) if step else await get_response(request)

        return middleware

    def sync_middleware(request: HttpRequest) -> Any:
        step = first_step(request, request.user)
        return redirect(step) if step else get_response(request)

    return sync_middleware
