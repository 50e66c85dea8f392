"""What every answer carries: a correlation id, no leave to be cached, and 405 told in words."""

import uuid
from collections.abc import Callable
from http import HTTPStatus
from inspect import iscoroutinefunction
from typing import Any

from django.http import HttpRequest
from django.utils.decorators import sync_and_async_middleware

from ragapp.error_pages import method_not_allowed
from ragapp.logging import correlation_id as current


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
        # What one person may see stays out of every cache, that of a shared computer too.
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
