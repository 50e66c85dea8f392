"""How often one address may do what costs us work; allauth limits its own pages by the same means.

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
            refusal: HttpResponseBase | None = consume_or_429(
                request, app="allauth.account", action=action, limit_get=True
            )
            return refusal or view(request, *args, **kwargs)

        return wrapper

    return decorator
