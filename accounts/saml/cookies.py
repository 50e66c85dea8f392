"""Two cookies of a login: the browser that began it, and the last chosen institution."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

BROWSER_COOKIE = "saml_browser"
CHOICE_COOKIE = "saml_idp"
_CHOICE_SECONDS = 365 * 24 * 3600
_MAX_DIGITS = 18


def browser_of(request: HttpRequest) -> str:
    """Return the secret of the browser that began a login; "" without the cookie."""
    return request.COOKIES.get(BROWSER_COOKIE, "")


def remember_browser(response: HttpResponse, browser: str, max_age_s: int) -> None:
    """Bind a login to this browser."""
    _set(response, BROWSER_COOKIE, browser, max_age_s)


def last_choice(request: HttpRequest) -> int | None:
    """Return the last institution chosen in this browser."""
    value = request.COOKIES.get(CHOICE_COOKIE, "")
    return int(value) if value.isdecimal() and len(value) <= _MAX_DIGITS else None


def remember_choice(response: HttpResponse, provider_id: int) -> None:
    """Store the chosen institution, to offer it first next time."""
    _set(response, CHOICE_COOKIE, str(provider_id), _CHOICE_SECONDS)


def _set(response: HttpResponse, name: str, value: str, max_age_s: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=max_age_s,
        path=reverse("saml:discovery"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
