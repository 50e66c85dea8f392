"""Middleware for every request.

Correlation id, no caching, a page for 405; NUL in queries; the person for the audit log;
redirection to the steps that are required before an instance can be entered.
"""

import uuid
from collections.abc import Callable
from http import HTTPStatus
from inspect import iscoroutinefunction
from typing import Any, cast

from asgiref.sync import markcoroutinefunction
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import sync_and_async_middleware
from django.utils.functional import SimpleLazyObject
from django.utils.http import urlencode

from instances.access.gates import SAFE_METHODS, StepRequired
from instances.audit import Origin, acting_as
from people.models import User
from web.client_address import client_address
from web.error_pages import method_not_allowed
from web.json_errors import json_error, wants_json
from web.log_lines import correlation_id as current


@sync_and_async_middleware
def correlation_id(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Give each request an id of 12 hexadecimal digits."""

    def begin(request: HttpRequest) -> str:
        identifier = uuid.uuid4().hex[:12]
        current.set(identifier)
        request.correlation_id = identifier  # type: ignore[attr-defined]  # ours, for templates
        return identifier

    def end(request: HttpRequest, response: Any, identifier: str) -> Any:
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            response = method_not_allowed(request, response)
        response["X-Correlation-Id"] = identifier
        # Pages of a person are stored in no cache, not even that of a shared computer.
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> Any:
            identifier = begin(request)
            return end(request, await get_response(request), identifier)

        return middleware

    def sync_middleware(request: HttpRequest) -> Any:
        identifier = begin(request)
        return end(request, get_response(request), identifier)

    return sync_middleware


@sync_and_async_middleware
def query_without_nul(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Replace NUL in the query by U+FFFD, as browsers do in pages: PostgreSQL stores no NUL.

    Forms refuse it themselves, but some parameters of queries are read without a form.
    """

    def clean(request: HttpRequest) -> None:
        query = request.META.get("QUERY_STRING", "")
        request.META["QUERY_STRING"] = query.replace("%00", "%EF%BF%BD")

    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> Any:
            clean(request)
            return await get_response(request)

        return middleware

    def sync_middleware(request: HttpRequest) -> Any:
        clean(request)
        return get_response(request)

    return sync_middleware


@sync_and_async_middleware
def origin(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Tell the audit log who acts and from which address; the user is loaded only when needed."""

    def origin_of(request: HttpRequest) -> Origin:
        # An async request's user was loaded by ``accounts.middleware.user_language``.
        lazy = SimpleLazyObject(lambda: getattr(request, "_acached_user", None) or request.user)
        user = cast(User | AnonymousUser, lazy)
        identifier = request.correlation_id  # type: ignore[attr-defined]  # ours
        return Origin(user=user, address=client_address(request), correlation_id=identifier)

    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> Any:
            with acting_as(origin_of(request)):
                return await get_response(request)

        return middleware

    def sync_middleware(request: HttpRequest) -> Any:
        with acting_as(origin_of(request)):
            return get_response(request)

    return sync_middleware


class RequiredSteps:
    """Redirects to the step that is required before an instance can be entered, and back."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a ``StepRequired``; leave any other exception alone."""
        if not isinstance(exception, StepRequired):
            return None
        if wants_json(request):
            return json_error(403, exception.code, exception.message, url=exception.url)
        back = request.get_full_path() if request.method in SAFE_METHODS else exception.home
        return redirect(f"{exception.url}?{urlencode({'next': back})}")
