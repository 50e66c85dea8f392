"""Error responses: a page with a sentence, a next step and a reference, or JSON for programs.

An error page runs no query and loads neither session nor user: Django calls some of these handlers
in the event loop, others in threads that never return their connection to the pool, and the
database may be what failed. Its context is what the request already has in memory (``_context``).
"""

import sys
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template import loader
from django.utils.translation import gettext as _
from django.views.decorators.csrf import requires_csrf_token
from psycopg import errors

from web.context_processors import site
from web.json_errors import is_api_path, json_error, wants_json

# How PostgreSQL ends what exceeds a time limit (settings.DATABASE_STATEMENT_TIMEOUT_S and so on).
_TOO_SLOW = (
    errors.QueryCanceled,
    errors.LockNotAvailable,
    errors.IdleInTransactionSessionTimeout,
)


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, or 413 when the request was too large."""
    if isinstance(exception, RequestDataTooBig | TooManyFilesSent):
        return _page(request, 413, "too_large", _("This is too large to be sent."))
    return _page(request, 400, "bad_request", _("This request cannot be understood."))


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403, with the reason that the view gave."""
    message = str(exception) or _("Your role does not allow this.")
    return _page(request, 403, "forbidden", message, sentence=str(exception))


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that was open for too long or comes from another site."""
    message = _("This page was open for too long. Go back, reload it and try again.")
    return _page(request, 403, "csrf", message, sentence=message)


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: the same whether the object does not exist or the person may not see it."""
    return _page(request, 404, "not_found", _("This page does not exist."))


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """429 (``handler429`` of allauth)."""
    message = _("Too many requests came from you in a short time. Wait a minute, then try again.")
    response = _page(request, 429, "too_many_requests", message, sentence=message)
    response["Retry-After"] = "60"
    return response


def method_not_allowed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """405 with the methods that ``response`` allows."""
    message = _("This address does not take this method.")
    page = _page(request, 405, "method_not_allowed", message)
    page["Allow"] = response["Allow"]
    if is_api_path(request.path_info) and "GET" in page["Allow"]:
        # See ``web.server.django_handler``.
        page["Allow"] += ", HEAD"
    page.cookies.update(response.cookies)
    return page


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """500; 503 when the database cannot be reached or stopped a query that took too long."""
    error = sys.exc_info()[1]
    if error is not None and isinstance(error.__cause__, _TOO_SLOW):
        message = _(
            "The request took too long and was stopped. Narrow it, or try again in a minute."
        )
        response = _page(request, 503, "too_slow", message, sentence=message)
    elif isinstance(error, OperationalError | InterfaceError):
        message = _("The site cannot be reached for the moment. Try again in a minute.")
        response = _page(request, 503, "unavailable", message)
    else:
        return _page(request, 500, "server_error", _("Something went wrong on our side."))
    response["Retry-After"] = "60"
    return response


def _page(
    request: HttpRequest, status: int, code: str, message: str, *, sentence: str = ""
) -> HttpResponse:
    """Return JSON with ``message``, or a page, whose own sentence is replaced by ``sentence``."""
    if wants_json(request):
        return json_error(status, code, message)
    # Without the request: context processors would load the user and the messages.
    page = loader.get_template(f"{status}.html").render(_context(request) | {"sentence": sentence})
    return HttpResponse(page, status=status)


def _context(request: HttpRequest) -> dict[str, Any]:
    """Return what an error page may show: settings, and what middleware and view have loaded."""
    return {
        "request": request,
        "csrf_token": get_token(request),
        # Set once ``accounts.middleware.user_language`` has loaded the user.
        "user": getattr(request, "_cached_user", None),
        **site(request),
    }
