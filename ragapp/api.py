"""The HTTP API: REST below ``/api/v1``, OpenAI's API below ``/v1``, and its documentation.

The MCP servers of instances, below ``/mcp``, have the same keys and errors.
"""

import codecs
from typing import Any

import orjson
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser

import chat.api.chat_completions
import chat.api.embeddings
import chat.api.model_list
import chat.api.responses
import chat.mcp.endpoint
import ingestion.api.documents
import ingestion.api.resumable_uploads
import ingestion.api.version_history
import instances.api
import retrieval.api
import sources.api
from chat.answers.error_messages import user_message
from chat.confidentiality.withholding import SEARCH_NOT_CLEARED
from inference.errors import InferenceError, NotCleared
from instances.api import ApiError, ApiKeyAuth
from ragapp.api_reference import ReferencePage
from usage.admission import RequestRefused
from usage.quotas.api_requests import add_headers, refusal_headers
from web.json_errors import is_openai_path, json_error

# Of a request that is not valid.
_MAX_PROBLEMS = 10
_MAX_PROBLEM_CHARS = 200


class StrictParser(Parser):
    """Reads JSON strictly (RFC 8259): lone surrogates, which cannot be stored, are refused.

    A mark of UTF-8 at the beginning is ignored, as the standard allows.
    """

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the value of the body; raises ValueError."""
        return orjson.loads(request.body.removeprefix(codecs.BOM_UTF8))


api = NinjaAPI(
    title="ragapp",
    version="1",
    description="A key belongs to one instance: `Authorization: Bearer KEY`.",
    docs=ReferencePage(),
    docs_url="/api/docs",
    openapi_url="/api/openapi.json",
    urls_namespace="api",
    auth=ApiKeyAuth(),
    parser=StrictParser(),
)
api.add_router("/api/v1", instances.api.router)
api.add_router("/api/v1", ingestion.api.documents.router)
api.add_router("/api/v1", ingestion.api.resumable_uploads.router)
api.add_router("/api/v1", ingestion.api.version_history.router)
api.add_router("/api/v1", retrieval.api.router)
api.add_router("/api/v1", sources.api.router)
api.add_router("/v1", chat.api.model_list.router)
api.add_router("/v1", chat.api.chat_completions.router)
api.add_router("/v1", chat.api.responses.router)
api.add_router("/v1", chat.api.embeddings.router)
api.add_router("/mcp", chat.mcp.endpoint.router)


@api.exception_handler(ApiError)
def _api_error(request: HttpRequest, error: ApiError) -> HttpResponse:
    return json_error(error.status, error.code, error.message)


@api.exception_handler(RequestRefused)
def _refused(request: HttpRequest, error: RequestRefused) -> HttpResponse:
    more = error.reset.as_json() if error.reset else {}
    response = json_error(429, error.code, error.message, **more)
    add_headers(response, refusal_headers(error))
    return response


@api.exception_handler(AuthenticationError)
def _no_key(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    response = json_error(401, "invalid_api_key", _("This API key is missing or not valid."))
    response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return json_error(404, "not_found", _("There is nothing at this address."))


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    if any(problem["loc"][0] == "path" for problem in error.errors):
        return _not_found(request, Http404())
    problems = "; ".join(
        f"{'.'.join(str(part) for part in problem['loc'][1:])}: {problem['msg']}"[
            :_MAX_PROBLEM_CHARS
        ]
        for problem in error.errors[:_MAX_PROBLEMS]
    )
    # Of JSON and of queries, the second part is the name of the operation's argument.
    place = error.errors[0]["loc"]
    first = ".".join(str(part) for part in place[2:] or place[1:])
    status = 400 if is_openai_path(request.path_info) else 422
    return json_error(status, "invalid_request", problems, param=first[:_MAX_PROBLEM_CHARS])


@api.exception_handler(HttpError)
def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    is_unreadable = isinstance(error.__cause__ or error.__context__, ValueError)
    message = _("The body of the request must be JSON, in UTF-8.") if is_unreadable else str(error)
    return json_error(error.status_code, "invalid_request", message)


@api.exception_handler(InferenceError)
def _unavailable(request: HttpRequest, error: InferenceError) -> HttpResponse:
    if isinstance(error, NotCleared):
        return json_error(403, error.code, user_message(SEARCH_NOT_CLEARED))
    status = 400 if error.permanent else 503
    return json_error(status, error.code, user_message("search_unavailable"))
