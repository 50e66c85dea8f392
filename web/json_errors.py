"""Errors for programs, in one shape: ``{"error": {"code", "message", "type"}}``.

``code`` is stable, ``message`` is translated; ``type`` repeats the code, for clients of OpenAI's
API. The model server, which runs without Django, has OpenAI's own error fields
(``inference.model_server.schemas``).
"""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.functional import Promise

_API_ROOTS = ("/api", "/v1")


def error_body(code: str, message: str | Promise, **more: str) -> dict[str, Any]:
    """Return the JSON value of an error; ``more`` adds fields to it, or replaces them."""
    return {"error": {"code": code, "message": str(message), "type": code} | more}


def json_error(status: int, code: str, message: str | Promise, **more: str) -> JsonResponse:
    """Return the response that reports an error to a program."""
    return JsonResponse(error_body(code, message, **more), status=status)


def is_api_path(path: str) -> bool:
    """Whether ``path`` belongs to the HTTP API, whose clients always get JSON.

    Repeated slashes at its start count as one: ``//v1/models`` is a base URL that ends in a slash.
    """
    path = "/" + path.lstrip("/")
    return path.startswith(tuple(f"{root}/" for root in _API_ROOTS)) or path in _API_ROOTS


def is_openai_path(path: str) -> bool:
    """Whether ``path`` belongs to the OpenAI-compatible API, where a wrong request is a 400."""
    return ("/" + path.lstrip("/")).startswith("/v1/")


def wants_json(request: HttpRequest) -> bool:
    """Whether the client is a program: it calls the HTTP API, or prefers JSON to HTML."""
    if is_api_path(request.path_info):
        return True
    preferred = request.get_preferred_type(["text/html", "application/json"])
    return preferred == "application/json"
