"""How often one person may do what tells them about others.

The figures are ``ACCOUNT_RATE_LIMITS`` of the settings, counted in the cache that all processes
share; ``web.rate_limits`` counts by address, for whoever has not logged in.
"""

from collections.abc import Callable
from functools import wraps

from allauth.core.internal.ratelimit import consume_or_429
from django.http import HttpRequest, HttpResponseBase

View = Callable[..., HttpResponseBase]


def limited_per_person(action: str) -> Callable[[View], View]:
    """Answer 429 to a person who posts to the view more often than ``action`` allows."""

    def decorator(view: View) -> View:
        @wraps(view)
        def wrapper(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            refusal: HttpResponseBase | None = None
            if request.user.is_authenticated:
                refusal = consume_or_429(request, app="allauth.account", action=action)
            return refusal or view(request, *args, **kwargs)

        return wrapper

    return decorator
