"""The HTTP API: REST under ``/api/v1``, OpenAI's shapes under ``/v1``, documentation."""

from typing import Any

import orjson
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser

import chat.api
import ingestion.api
import instances.api
import retrieval.api
from chat.answers.error_messages import user_message
from inference.errors import InferenceError
from instances.api import ApiError, ApiKeyAuth
from usage.admission import LimitReached

# Of a request that is not valid.
_TOLD_PROBLEMS = 10
_TOLD_CHARS = 200


class StrictParser(Parser):
    """Reads JSON as RFC 8259 has it: lone surrogates, which nothing can store, are refused."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the value of the body; raises ValueError."""
        return orjson.loads(request.body)


api = NinjaAPI(
    title="ragapp",
    version="1",
    description="A key belongs to one instance: `Authorization: Bearer KEY`.",
    docs_url="/api/docs",
    openapi_url="/api/openapi.json",
    urls_namespace="api",
    auth=ApiKeyAuth(),
    parser=StrictParser(),
)
api.add_router("/api/v1", instances.api.router)
api.add_router("/api/v1", ingestion.api.router)
api.add_router("/api/v1", retrieval.api.router)
api.add_router("/v1", chat.api.router)


def _error(request: HttpRequest, status: int, code: str, message: str) -> HttpResponse:
    body: dict[str, Any] = {"error": {"code": code, "message": message, "type": code}}
    return api.create_response(request, body, status=status)


@api.exception_handler(ApiError)
def _told(request: HttpRequest, error: ApiError) -> HttpResponse:
    return _error(request, error.status, error.code, error.message)


@api.exception_handler(LimitReached)
def _limit_reached(request: HttpRequest, error: LimitReached) -> HttpResponse:
    response = _error(request, 429, error.code, error.message)
    response["Retry-After"] = str(error.retry_after_s)
    return response


@api.exception_handler(AuthenticationError)
def _no_key(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    response = _error(request, 401, "invalid_api_key", _("This API key is missing or not valid."))
    response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return _error(request, 404, "not_found", _("There is nothing at this address."))


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    if any(problem["loc"][0] == "path" for problem in error.errors):
        return _not_found(request, Http404())
    problems = "; ".join(
        f"{'.'.join(str(part) for part in problem['loc'][1:])}: {problem['msg']}"[:_TOLD_CHARS]
        for problem in error.errors[:_TOLD_PROBLEMS]
    )
    return _error(request, 422, "invalid_request", problems)


@api.exception_handler(HttpError)
def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    return _error(request, error.status_code, "invalid_request", str(error))


@api.exception_handler(InferenceError)
def _unavailable(request: HttpRequest, error: InferenceError) -> HttpResponse:
    status = 400 if error.permanent else 503
    return _error(request, status, error.code, user_message("search_unavailable"))
