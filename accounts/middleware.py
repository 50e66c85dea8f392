"""The person's own language, and what they must do before anything else."""

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

# Where the steps are taken, and where one logs out.
_ALWAYS_OPEN = ("/accounts/", "/saml/", "/static/", "/i18n/")

Handler = Callable[[HttpRequest], Any]


def _activate(request: HttpRequest, user: User | AnonymousUser) -> None:
    if user.is_authenticated and user.language:
        translation.activate(user.language)
        request.LANGUAGE_CODE = user.language


async def _load_user(request: HttpRequest) -> User | AnonymousUser:
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


def first_step(request: HttpRequest, user: User | AnonymousUser) -> str:
    """Where the person must go before anywhere else, "" for nowhere."""
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
    """Send people to what comes first: an issued password's change, an operator's second factor."""
    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> Any:
            step = first_step(request, await request.auser())
            return redirect(step) if step else await get_response(request)

        return middleware

    def sync_middleware(request: HttpRequest) -> Any:
        step = first_step(request, request.user)
        return redirect(step) if step else get_response(request)

    return sync_middleware
