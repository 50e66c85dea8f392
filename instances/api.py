"""The HTTP API's front door: bearer keys, errors of one shape, and ``GET /api/v1/instance``."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema
from ninja.security import HttpBearer

from instances.api_keys import authenticate
from instances.models import ApiKey
from instances.tenancy import in_database

router = Router(tags=["instance"])


class ApiError(Exception):
    """An error told to a program: HTTP status, stable code, sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class KeyRequest(HttpRequest):
    """A request that an API key let in (``request.auth``)."""

    auth: ApiKey


class ApiKeyAuth(HttpBearer):
    """Lets in a valid key whose scope is wide enough; for synchronous operations."""

    def __init__(self, scope: str = ApiKey.Scope.CHAT) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        return self._checked(authenticate(token))

    def _checked(self, key: ApiKey | None) -> ApiKey | None:
        if key and self.scope == ApiKey.Scope.MANAGE and key.scope != ApiKey.Scope.MANAGE:
            raise ApiError(403, "scope", _("This key may not add or delete documents."))
        return key


class AsyncApiKeyAuth(ApiKeyAuth):
    """The same for asynchronous operations."""

    async def authenticate(self, request: HttpRequest, token: str) -> Any:
        return self._checked(await in_database(authenticate, token))


class ErrorDetail(Schema):
    code: str
    message: str


class ErrorOut(Schema):
    error: ErrorDetail


class InstanceOut(Schema):
    slug: str
    name: str
    description: str
    organisation: str
    language: str


@router.get("/instance", response=InstanceOut, summary="The instance of this key")
def get_instance(request: KeyRequest) -> InstanceOut:
    instance = request.auth.instance
    return InstanceOut(
        slug=instance.slug,
        name=instance.name,
        description=instance.description,
        organisation=instance.organisation.name,
        language=instance.language,
    )
