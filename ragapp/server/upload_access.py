"""Who may send a file: asked of the cookie or the key, before any of the file is read.

The pages and operations ask again; this only decides whether the body is worth receiving.
"""

import re
from io import BytesIO

from django.contrib.auth.middleware import get_user
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import PermissionDenied
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpResponse

from accounts.middleware import first_step
from ingestion.api import MANAGE
from instances.access.gates import StepRequired, enter
from instances.api import ApiError
from instances.audit import Origin, speaking_for
from instances.models import Role
from instances.tenancy import in_database
from ragapp.server.scope import Scope, path_of
from web.client_address import client_address

_PAGE = re.compile(r"/i/([-a-zA-Z0-9_]+)/documents/upload/")
_OPERATION = "/api/v1/documents"


def is_upload(scope: Scope) -> bool:
    """Whether a request sends a document, which may be larger than any form."""
    if scope["method"] != "POST":
        return False
    path = path_of(scope)
    return path == _OPERATION or _PAGE.fullmatch(path) is not None


async def uploader_of(scope: Scope) -> str | None:
    """Return a name of the person or key that may upload there, None for anybody else."""
    page = _PAGE.fullmatch(path_of(scope))
    request = ASGIRequest(scope, BytesIO())
    if page is None:
        return await in_database(_key_of, request)
    return await in_database(_person_of, request, page[1])


def _key_of(request: ASGIRequest) -> str | None:
    try:
        key = MANAGE(request)
    except ApiError:
        return None
    return f"key {key.pk}" if key else None


def _person_of(request: ASGIRequest, slug: str) -> str | None:
    SessionMiddleware(lambda _request: HttpResponse()).process_request(request)
    user = get_user(request)
    request.user = user
    if first_step(request, user):
        return None
    try:
        with speaking_for(Origin(user=user, address=client_address(request), correlation_id="")):
            enter(request, user, slug, role=Role.EDITOR)
    except (Http404, PermissionDenied, StepRequired):
        return None
    return f"person {user.pk}"
