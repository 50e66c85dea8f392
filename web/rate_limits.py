"""Rate limits of views for an address or a person, counted by allauth.

The figures are ``ACCOUNT_RATE_LIMITS`` of the settings, counted in the cache that all processes
share.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.core.internal.ratelimit import consume_or_429
from django.http import HttpRequest, HttpResponseBase

View = Callable[..., HttpResponseBase]


def limited(action: str) -> Callable[[View], View]:
    """Answer 429 to an address that opens the view more often than ``action`` allows."""

    def decorator(view: View) -> View:
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return _refusal(request, action, limit_get=True) or view(request, *args, **kwargs)

        return wrapper

    return decorator


def limited_per_person(action: str) -> Callable[[View], View]:
    """Answer 429 to a person who posts to the view more often than ``action`` allows."""

    def decorator(view: View) -> View:
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            refusal = _refusal(request, action) if request.user.is_authenticated else None
            return refusal or view(request, *args, **kwargs)

        return wrapper

    return decorator


def _refusal(
    request: HttpRequest, action: str, *, limit_get: bool = False
) -> HttpResponseBase | None:
    refusal: HttpResponseBase | None = consume_or_429(
        request, app="allauth.account", action=action, limit_get=limit_get
    )
    return refusal
