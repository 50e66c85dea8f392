"""Recognise browsers in which a person has logged in before, to count their attempts separately.

A signed cookie contains an identifier of the browser and the last people who logged in with it. It
grants no access: the password is still needed, with five attempts in five minutes.
"""

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from people.models import User

COOKIE = "known_browser"
LASTS_S = 180 * 24 * 3600
_SALT = "accounts.logins.known_browsers"
_PEOPLE = 5


def browser_of(request: HttpRequest, user: User | None) -> str | None:
    """Return the identifier of a browser in which ``user`` has logged in before, else None."""
    if user is None:
        return None
    kept = _read(request)
    is_known = kept["people"].get(str(user.pk)) == _stamp(user)
    return str(kept["browser"]) if is_known else None


def remember_browser(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Set the cookie that records the login of ``user`` in this browser."""
    kept = _read(request)
    people = {pk: stamp for pk, stamp in kept["people"].items() if pk != str(user.pk)}
    people = dict(list(people.items())[-(_PEOPLE - 1) :]) | {str(user.pk): _stamp(user)}
    response.set_cookie(
        COOKIE,
        signing.dumps({"browser": kept["browser"], "people": people}, salt=_SALT),
        max_age=LASTS_S,
        path="/accounts/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _read(request: HttpRequest) -> dict[str, Any]:
    try:
        kept: dict[str, Any] = signing.loads(
            request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=LASTS_S
        )
    except signing.BadSignature:
        return {"browser": secrets.token_hex(8), "people": {}}
    return kept


def _stamp(user: User) -> str:
    """Return a value that changes when all sessions of the person are ended (``session_salt``)."""
    return salted_hmac(_SALT, user.session_salt).hexdigest()[:16]
