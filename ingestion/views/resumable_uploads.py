"""Files sent in pieces by the page, by the tus protocol (``ingestion.resumable``)."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from ingestion.resumable import endpoint
from ingestion.resumable.endpoint import Sender, refusals_answered
from instances.access.gates import aenter
from instances.models import Role
from web.json_errors import json_error


class LoggedOut(Exception):
    """Nobody is logged in."""


@require_http_methods(["GET", "POST", "OPTIONS"])
async def collection(request: HttpRequest, slug: str) -> HttpResponse:
    """Create an upload, or say what the server can do.

    GET gives a script that continues after another login the token that its requests need.
    """
    if request.method == "OPTIONS":
        return endpoint.abilities()
    try:
        sender = await _sender(request, slug)
    except LoggedOut:
        return _logged_out()
    if request.method == "GET":
        return JsonResponse({"csrf_token": get_token(request)})
    return await refusals_answered(endpoint.create(request, sender))


@require_http_methods(["GET", "HEAD", "PATCH", "DELETE", "POST", "OPTIONS"])
async def upload(request: HttpRequest, slug: str, upload_id: UUID) -> HttpResponse:
    """Continue one upload, ask where it stands, or stop it."""
    method = request.headers.get("X-HTTP-Method-Override") or request.method
    if method == "OPTIONS":
        return endpoint.abilities()
    try:
        sender = await _sender(request, slug)
    except LoggedOut:
        return _logged_out()
    answers = {"PATCH": endpoint.append, "DELETE": endpoint.stop}
    # A safe request must not change anything by its header.
    is_safe = request.method in ("GET", "HEAD")
    answer = endpoint.state if is_safe else answers.get(method or "", endpoint.state)
    return await refusals_answered(answer(request, sender, upload_id))


@sensitive_post_parameters("password")
@require_http_methods(["POST"])
async def finish(request: HttpRequest, slug: str, upload_id: UUID) -> HttpResponse:
    """Give the password of a file that was received."""
    try:
        sender = await _sender(request, slug)
    except LoggedOut:
        return _logged_out()
    password = request.POST.get("password", "")[:1000]
    return await refusals_answered(endpoint.finish(request, sender, upload_id, password))


async def _sender(request: HttpRequest, slug: str) -> Sender:
    user = await request.auser()
    if not user.is_authenticated:
        raise LoggedOut
    membership = await aenter(request, slug, role=Role.EDITOR)
    return Sender(
        instance=membership.instance,
        user=membership.user,
        by_key=False,
        upload_url=lambda pk: reverse("documents:resumable_upload", args=[slug, pk]),
        document_url=lambda pk: reverse("documents:detail", args=[slug, pk]),
    )


def _logged_out() -> HttpResponse:
    """A redirection to the login would end at a page, which the sender cannot read."""
    return json_error(
        401,
        "logged_out",
        _("Your session has ended. Log in again, then continue."),
        url=resolve_url("account_login"),
    )
