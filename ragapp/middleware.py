"""A correlation id a request: in the logs, on error pages, and in the response."""

import uuid
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from django.http import HttpRequest
from django.utils.decorators import sync_and_async_middleware

from ragapp.logging import correlation_id as current


@sync_and_async_middleware
def correlation_id(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Give each request an id of 12 hexadecimal digits."""

    def begin(request: HttpRequest) -> str:
        identifier = uuid.uuid4().hex[:12]
        current.set(identifier)
        request.correlation_id = identifier  # type: ignore[attr-defined]
        return identifier

    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> Any:
            identifier = begin(request)
            response = await get_response(request)
            response["X-Correlation-Id"] = identifier
            return response

        return middleware

    def sync_middleware(request: HttpRequest) -> Any:
        identifier = begin(request)
        response = get_response(request)
        response["X-Correlation-Id"] = identifier
        return response

    return sync_middleware
