"""What people and programs see when something fails: a sentence, a next step, a reference.

A browser's page load gets HTML; a script that asks for JSON, and whoever calls the HTTP API, gets
``{"error": {code, message}}``.
"""

import sys
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template import loader
from django.utils.translation import gettext as _
from django.views.decorators.csrf import requires_csrf_token

# What lies under these is for programs, whatever they say they accept.
_API_PATHS = ("/api/", "/v1/")


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
    return _page(request, 403, "forbidden", message, exception=str(exception))


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that was open too long, or comes from elsewhere; ``reason`` is for logs."""
    message = _("This page was open for too long. Go back, reload it and try again.")
    return _page(request, 403, "csrf", message, exception=message)


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, the same for what does not exist and for what is none of the person's business."""
    return _page(request, 404, "not_found", _("This page does not exist."))


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """429; allauth looks for it in the URLs' module."""
    message = _("Too many requests came from you in a short time. Wait a minute, then try again.")
    response = _page(request, 429, "too_many_requests", message, exception=message)
    response["Retry-After"] = "60"
    return response


def method_not_allowed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """405 with the methods that ``response`` allows, in words for a program; else as it is."""
    if not wants_json(request):
        return response
    message = _("This address does not take this method.")
    told = json_error(405, "method_not_allowed", message)
    told["Allow"] = response["Allow"]
    return told


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 while the database cannot be reached; asks nothing of the database itself."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        status, code = 503, "unavailable"
        message = _("The site cannot be reached for the moment. Try again in a minute.")
    else:
        status, code = 500, "server_error"
        message = _("Something went wrong on our side.")
    if wants_json(request):
        response: HttpResponse = json_error(status, code, message)
    else:
        context = {
            "request": request,
            "SITE_NAME": settings.SITE_NAME,
            "SUPPORT_CONTACT": settings.SUPPORT_CONTACT,
            "correlation_id": getattr(request, "correlation_id", ""),
        }
        page = loader.get_template(f"{status}.html").render(context)
        response = HttpResponse(page, status=status)
    if status == 503:
        response["Retry-After"] = "60"
    return response


def _page(
    request: HttpRequest, status: int, code: str, message: str, **context: Any
) -> HttpResponse:
    if wants_json(request):
        return json_error(status, code, message)
    return render(request, f"{status}.html", context, status=status)


def json_error(status: int, code: str, message: str, **more: str) -> JsonResponse:
    """An error told to a program."""
    return JsonResponse({"error": {"code": code, "message": message} | more}, status=status)


def wants_json(request: HttpRequest) -> bool:
    """Whether a program asks, which reads no pages."""
    if request.path_info.startswith(_API_PATHS):
        return True
    preferred = request.get_preferred_type(["text/html", "application/json"])
    return preferred == "application/json"
