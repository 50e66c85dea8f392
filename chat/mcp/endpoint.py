"""The address of the MCP server of an instance: ``POST /mcp/<slug>``, streamable HTTP.

Nothing is kept between two requests: any web process answers any of them, and there are no
sessions. An answer that is being written is a stream; closing it stops the model.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import orjson
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext as _
from ninja import Router

from chat.api.api_answer import ApiAnswer
from chat.mcp.ask_documents import ASK, Progress, ended_result, whole_result
from chat.mcp.protocol import (
    HANDSHAKE_REVISIONS,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    STATELESS_REVISIONS,
    McpRequest,
    ProtocolError,
    negotiated,
    read_message,
)
from chat.mcp.read_documents import LIST_DOCUMENTS, READ_DOCUMENT
from chat.mcp.search_documents import SEARCH
from chat.mcp.tool import Tool, call_tool
from inference.llm.events import Delta
from instances.api import ApiError, AsyncApiKeyAuth, KeyRequest
from instances.models import Instance
from usage.quotas.api_requests import add_headers
from web.server_sent_events import ServerSentEvent

router = Router(tags=["MCP"], auth=AsyncApiKeyAuth())

TOOLS: Mapping[str, Tool] = {
    tool.name: tool for tool in (SEARCH, ASK, LIST_DOCUMENTS, READ_DOCUMENT)
}
# The list of the tools changes with a new version of the site only.
_CACHED_MS = 3_600_000


@router.post("/{slug}", url_name="mcp", include_in_schema=False)
async def exchange(request: KeyRequest, slug: str) -> HttpResponseBase:
    """Answer one message of a client."""
    _check_origin(request)
    if request.auth.instance.slug != slug:
        # As for an instance that does not exist.
        raise Http404
    try:
        message = read_message(request.body, request.headers)
        if message is None:
            return HttpResponse(status=202)
        return await _answered(request, message)
    except ProtocolError as error:
        return _json(error.as_message(), status=error.status)


async def _answered(request: KeyRequest, message: McpRequest) -> HttpResponseBase:
    if message.method == "tools/call":
        return await _called(request, message)
    instance = request.auth.instance
    result, cached_ms = _fixed_result(instance, message)
    return _json(message.answer(result, server=_server(instance), cached_ms=cached_ms))


def _fixed_result(instance: Instance, message: McpRequest) -> tuple[dict[str, Any], int | None]:
    """Return the result of a method other than ``tools/call``, and how long it may be kept."""
    match message.method:
        case "initialize" if not message.is_stateless:
            revision = negotiated(message.params.get("protocolVersion"))
            return {"protocolVersion": revision, "serverInfo": _server(instance)} | _about(
                instance
            ), None
        case "server/discover" if message.is_stateless:
            supported = [*HANDSHAKE_REVISIONS, *STATELESS_REVISIONS]
            return {"supportedVersions": supported} | _about(instance), _CACHED_MS
        case "ping" if not message.is_stateless:
            return {}, None
        case "tools/list":
            return {"tools": [tool.as_data() for tool in TOOLS.values()]}, _CACHED_MS
    raise message.error(METHOD_NOT_FOUND, f"There is no method {message.method[:100]}.")


async def _called(request: KeyRequest, message: McpRequest) -> HttpResponseBase:
    name, given = message.params.get("name"), message.params.get("arguments", {})
    tool = TOOLS.get(name) if isinstance(name, str) else None
    if tool is None:
        raise message.error(INVALID_PARAMS, f"There is no tool {str(name)[:100]}.")
    if not isinstance(given, dict):
        raise message.error(INVALID_PARAMS, "arguments must be an object.")
    outcome = await call_tool(tool, request.auth, given)
    if isinstance(outcome, ApiAnswer):
        if "text/event-stream" in request.headers.get("accept", ""):
            return _stream(outcome, message)
        outcome = await whole_result(outcome)
    server = _server(request.auth.instance)
    response = _json(message.answer(outcome.as_result(), server=server))
    add_headers(response, outcome.headers)
    return response


def _stream(answer: ApiAnswer, message: McpRequest) -> StreamingHttpResponse:
    """Return a stream with the progress of an answer, and its result at the end."""
    progress = Progress(message)

    def converted(piece: Delta) -> Iterable[ServerSentEvent]:
        return [ServerSentEvent(each, name="message") for each in progress.take(piece)]

    return answer.stream((), converted, partial(_end, answer, message))


async def _end(answer: ApiAnswer, message: McpRequest) -> Iterable[ServerSentEvent]:
    result = await ended_result(answer)
    ended = message.answer(result.as_result(), server=_server(answer.question.instance))
    return [ServerSentEvent(ended, name="message")]


def _check_origin(request: HttpRequest) -> None:
    """Refuse a page of another site (DNS rebinding); ALLOWED_HOSTS checks the host itself."""
    origin = request.headers.get("origin")
    own = {_origin(settings.SITE_URL), f"{request.scheme}://{request.get_host()}"}
    if origin is not None and origin not in own | set(settings.CSRF_TRUSTED_ORIGINS):
        told = _("Pages of other sites may not use this address: connect a program.")
        raise ApiError(403, "origin", told)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _server(instance: Instance) -> dict[str, str]:
    return {"name": f"ragapp/{instance.slug}", "title": instance.name, "version": "1"}


def _about(instance: Instance) -> dict[str, Any]:
    """Return what a client is told first: what the server can do, and what its documents are."""
    told = f"The documents of “{instance.name}” ({instance.organisation.name})."
    if instance.description:
        told += f" {instance.description}"
    told += (
        " Call ask for an answer with citations, or search and read_document to read the passages"
        " yourself. Name the documents and their links in what you answer."
    )
    return {"capabilities": {"tools": {}}, "instructions": told}


def _json(message: Mapping[str, Any], status: int = 200) -> HttpResponse:
    return HttpResponse(orjson.dumps(message), status=status, content_type="application/json")
