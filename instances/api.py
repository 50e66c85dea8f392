"""Authentication of the HTTP API by bearer keys, its errors, and ``GET /api/v1/instance``."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema
from ninja.security import HttpBearer

from instances.access.api_keys import authenticate, lacks_second_factor
from instances.access.gates import SAFE_METHODS, archived_reason, closed_code, closed_reason
from instances.models import ApiKey, Role
from instances.tenancy import in_database
from people.models import User

router = Router(tags=["instance"])


class ApiError(Exception):
    """An error of the API: HTTP status, stable code, translated message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class KeyRequest(HttpRequest):
    """A request authenticated by an API key (``request.auth``)."""

    auth: ApiKey


class ApiKeyAuth(HttpBearer):
    """Authenticates valid keys with the required scope, for synchronous operations.

    A key must pass the gates of its instance, as its person must (``instances.access.gates``).
    """

    def __init__(self, scope: str = ApiKey.Scope.CHAT) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        # Several spaces may stand before it (RFC 9110, section 11.4).
        return self._checked(request, authenticate(token.strip()))

    def _checked(self, request: HttpRequest, key: ApiKey | None) -> ApiKey | None:
        if key is not None:
            _pass_gates(key, request.method or "")
            _require_scope(key, self.scope)
        return key


class AsyncApiKeyAuth(ApiKeyAuth):
    """As ``ApiKeyAuth``, for asynchronous operations."""

    async def authenticate(self, request: HttpRequest, token: str) -> Any:
        return self._checked(request, await in_database(authenticate, token.strip()))


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


def _pass_gates(key: ApiKey, method: str) -> None:
    instance = key.instance
    if code := closed_code(instance):
        raise ApiError(403, code, closed_reason(instance))
    if instance.is_archived and method not in SAFE_METHODS:
        raise ApiError(403, "instance_archived", archived_reason())
    if key.created_by is not None:
        _require_steps(key, key.created_by)


def _require_steps(key: ApiKey, person: User) -> None:
    """Refuse the key while its person must first take a step in the browser."""
    if person.must_change_password:
        raise ApiError(
            403,
            "password_change",
            _("The person who owns this key must first log in and choose a new password."),
        )
    if lacks_second_factor(key):
        raise ApiError(
            403,
            "second_factor",
            _(
                "This instance requires a second factor. The person who owns this key must log "
                "in with one and confirm the key under “API keys” in the settings of the "
                "instance."
            ),
        )
    if key.charter_is_pending:  # type: ignore[attr-defined]  # annotated
        raise ApiError(
            403,
            "charter",
            _("The person who owns this key must first accept the usage charter of the instance."),
        )


def _require_scope(key: ApiKey, scope: str) -> None:
    role = key.holder_role if key.created_by_id else Role.ADMIN  # type: ignore[attr-defined]
    if role == Role.GUEST:
        raise ApiError(403, "role", _("Guests of an instance have no API keys."))
    if scope != ApiKey.Scope.MANAGE:
        return
    if key.scope != ApiKey.Scope.MANAGE or role not in (Role.EDITOR, Role.ADMIN):
        raise ApiError(403, "scope", _("This key may not add or delete documents."))
