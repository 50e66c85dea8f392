"""Errors for programs, in OpenAI's shape: ``{"error": {"code", "message", "type", "param"}}``.

``code`` is stable, ``message`` is translated; ``type`` is OpenAI's kind of error, and ``param`` the
wrong field of the request, if one is known. The model server, which runs without Django, has the
same fields (``inference.model_server.schemas``).
"""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.functional import Promise

_API_ROOTS = ("/api", "/v1", "/mcp")


_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


def error_body(status: int, code: str, message: str | Promise, **more: Any) -> dict[str, Any]:
    """Return the JSON value of an error; ``more`` adds fields to it, or replaces them."""
    other = "server_error" if status >= 500 else "invalid_request_error"
    error = {"code": code, "message": str(message), "type": _TYPES.get(status, other)}
    return {"error": error | {"param": None} | more}


def json_error(status: int, code: str, message: str | Promise, **more: Any) -> JsonResponse:
    """Return the response that reports an error to a program."""
    return JsonResponse(error_body(status, code, message, **more), status=status)


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
