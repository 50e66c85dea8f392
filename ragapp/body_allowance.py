"""How large a body each request may send; who may upload, by the cookie or the key.

This is decided before any of the body is read. The views check the right to upload again.
"""

import re
from io import BytesIO

from django.conf import settings
from django.contrib.auth.middleware import get_user
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import PermissionDenied
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.middleware import first_step
from ingestion.api.documents import MANAGE
from ingestion.error_messages import user_message
from ingestion.errors import FileTooLarge
from instances.access.gates import StepRequired, enter
from instances.api import ApiError
from instances.audit import Origin, acting_as
from instances.models import Role
from instances.tenancy import in_database
from web.client_address import client_address
from web.json_errors import is_api_path
from web.server.body_limit import Allowance
from web.server.scope import Refusal, Scope, address_of, path_of

MAX_BODY_BYTES = 4 << 20
# Of the HTTP API: its JSON is parsed and validated in the event loop.
MAX_JSON_BYTES = 1 << 20
# An upload holds one file, and a few fields beside it.
_ROOM_FOR_FIELDS = 1 << 20
# Stored at a time: all the forms of one address, and all the uploads of one person or key.
MAX_STORED_FORM_BYTES = 64 << 20
MAX_UPLOADS_AT_ONCE = 4

FILE_TOO_LARGE = Refusal(413, FileTooLarge.code, user_message(FileTooLarge.code))
TOO_LARGE = Refusal(413, "too_large", _("This is too large to be sent."))

_PAGE = re.compile(r"/i/([-a-zA-Z0-9_]+)/(documents/upload|attachments)/")
_OPERATION = re.compile(r"/api/v1/documents(/[-0-9a-fA-F]+/versions)?")
# Of files in pieces, which their views read as they arrive.
_STREAMED_PAGE = re.compile(r"/i/([-a-zA-Z0-9_]+)/documents/uploads/([-0-9a-fA-F]+/)?")
_STREAMED_OPERATION = re.compile(r"/api/v1/uploads(/[-0-9a-fA-F]+)?")


async def allowance_of(scope: Scope) -> Allowance | None:
    """Return what a request may send; None when it would upload and may not."""
    if is_upload(scope):
        uploader = await uploader_of(scope)
        if uploader is None:
            return None
        max_bytes = settings.MAX_UPLOAD_BYTES + _ROOM_FOR_FIELDS
        if is_streamed(scope):
            max_bytes = settings.MAX_RESUMABLE_BYTES
        return Allowance(max_bytes, uploader, MAX_UPLOADS_AT_ONCE * max_bytes, FILE_TOO_LARGE)
    is_json = is_api_path(path_of(scope))
    max_bytes = MAX_JSON_BYTES if is_json else MAX_BODY_BYTES
    address = address_of(scope) or ""
    return Allowance(max_bytes, f"address {address}", MAX_STORED_FORM_BYTES, TOO_LARGE)


def is_upload(scope: Scope) -> bool:
    """Whether a request sends a document, which may be larger than any form."""
    if is_streamed(scope):
        return True
    if scope["method"] != "POST":
        return False
    path = path_of(scope)
    return any(form.fullmatch(path) for form in (_OPERATION, _PAGE))


def is_streamed(scope: Scope) -> bool:
    """Whether a request brings bytes of a file that is sent in pieces."""
    if scope["method"] not in ("POST", "PATCH"):
        return False
    path = path_of(scope)
    return any(form.fullmatch(path) for form in (_STREAMED_OPERATION, _STREAMED_PAGE))


async def uploader_of(scope: Scope) -> str | None:
    """Return a name of the person or key that may upload there, None for anybody else."""
    path = path_of(scope)
    page = _PAGE.fullmatch(path) or _STREAMED_PAGE.fullmatch(path)
    request = ASGIRequest(scope, BytesIO())
    if page is None:
        return await in_database(_key_of, request)
    role = Role.MEMBER if path.endswith("/attachments/") else Role.EDITOR
    return await in_database(_person_of, request, page[1], role)


def _key_of(request: ASGIRequest) -> str | None:
    try:
        key = MANAGE(request)
    except ApiError:
        return None
    return f"key {key.pk}" if key else None


def _person_of(request: ASGIRequest, slug: str, role: Role) -> str | None:
    SessionMiddleware(lambda _request: HttpResponse()).process_request(request)
    user = get_user(request)
    request.user = user
    if first_step(request, user):
        return None
    try:
        with acting_as(Origin(user=user, address=client_address(request), correlation_id="")):
            enter(request, user, slug, role=role)
    except (Http404, PermissionDenied, StepRequired):
        return None
    return f"person {user.pk}"
