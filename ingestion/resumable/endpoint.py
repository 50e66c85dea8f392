"""Answer the requests of the tus protocol, for the page and the HTTP API alike.

Both say who sends (``Sender``); what is refused is raised, and answered by ``refusals_answered``.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db import DatabaseError, InterfaceError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from ingestion.error_messages import UPLOAD_STATUS, user_message
from ingestion.errors import IngestionError
from ingestion.models import ResumableUpload
from ingestion.resumable import protocol
from ingestion.resumable.creation import create_upload
from ingestion.resumable.expiry import stop_upload
from ingestion.resumable.finishing import finish_upload, finish_whole
from ingestion.resumable.receiving import PIECE_BYTES, receive
from ingestion.resumable.refusals import MESSAGES, UploadRefused
from instances.errors import InstanceError
from instances.errors import user_message as refusal
from instances.models import Instance
from instances.tenancy import in_database, in_tenant
from people.models import User
from web.json_errors import json_error
from web.server.body_stream import ClientLeft, body_parts

logger = logging.getLogger(__name__)

# Threads that finish uploads, which may take long.
_finishers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="finish-upload")


@dataclass(frozen=True)
class Sender:
    """Who sends files to an instance, and what the addresses of her uploads are."""

    instance: Instance
    user: User | None
    by_key: bool
    upload_url: Callable[[UUID], str]
    document_url: Callable[[UUID], str]

    def find(self, upload_id: UUID) -> ResumableUpload:
        """Return an upload of this sender, inside ``tenant()``. Raises Http404."""
        uploads = ResumableUpload.objects.for_instance(self.instance).filter(by_key=self.by_key)
        if not self.by_key:
            uploads = uploads.filter(uploaded_by=self.user)
        upload: ResumableUpload | None = uploads.filter(pk=upload_id).first()
        if upload is None:
            raise Http404
        return upload


async def create(request: HttpRequest, sender: Sender) -> HttpResponse:
    """Answer a POST that announces a file, perhaps with its first bytes."""
    headers = request.headers
    protocol.require_version(headers)
    file = protocol.announced_file(headers)
    brings_bytes = protocol.brings_bytes(headers)
    checksum = protocol.announced_checksum(headers) if brings_bytes else None
    create_here = partial(
        create_upload, file, instance=sender.instance, user=sender.user, by_key=sender.by_key
    )
    upload = await in_tenant(sender.instance, create_here)
    upload.instance = sender.instance
    if brings_bytes or not file.length_bytes:
        try:
            await _take_first(request, upload, checksum)
        except BaseException:
            await _abandon(upload)
            raise
        upload = await _finished(sender, upload.pk)
    response = JsonResponse(state_of(upload, sender), status=HTTPStatus.CREATED)
    response["Location"] = sender.upload_url(upload.pk)
    return _with_headers(response, upload)


async def state(request: HttpRequest, sender: Sender, upload_id: UUID) -> HttpResponse:
    """Answer a HEAD, or a GET, whose JSON says the same and the outcome."""
    version = request.headers.get("Tus-Resumable")
    if version is not None:
        protocol.require_version(request.headers)
    upload = await in_tenant(sender.instance, sender.find, upload_id)
    return _with_headers(JsonResponse(state_of(upload, sender)), upload)


async def append(request: HttpRequest, sender: Sender, upload_id: UUID) -> HttpResponse:
    """Answer a PATCH: keep the bytes that it brings, and finish the upload with the last."""
    headers = request.headers
    protocol.require_version(headers)
    protocol.require_content_type(headers)
    offset = protocol.announced_offset(headers)
    checksum = protocol.announced_checksum(headers)
    upload = await in_tenant(sender.instance, sender.find, upload_id)
    if offset != upload.offset_bytes or upload.state != ResumableUpload.State.RECEIVING:
        raise UploadRefused(HTTPStatus.CONFLICT, "offset_differs")
    if offset + protocol.declared_bytes(headers) > upload.length_bytes:
        raise UploadRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_long")
    await receive(upload, sender.instance, body_parts(request), checksum)
    upload = await _finished(sender, upload_id)
    return _with_headers(HttpResponse(status=HTTPStatus.NO_CONTENT), upload)


async def finish(
    _request: HttpRequest, sender: Sender, upload_id: UUID, password: str
) -> HttpResponse:
    """Try again to finish an upload, with the password of its file; answer with its outcome."""
    upload = await in_tenant(sender.instance, sender.find, upload_id)
    if not upload.is_received:
        raise UploadRefused(HTTPStatus.CONFLICT, "not_received")
    upload = await _finished(sender, upload_id, password=password)
    return _with_headers(JsonResponse(state_of(upload, sender)), upload)


async def stop(request: HttpRequest, sender: Sender, upload_id: UUID) -> HttpResponse:
    """Answer a DELETE: forget an upload and its bytes."""
    protocol.require_version(request.headers)
    upload = await in_tenant(sender.instance, sender.find, upload_id)
    await in_database(stop_upload, upload)
    response = HttpResponse(status=HTTPStatus.NO_CONTENT)
    response["Tus-Resumable"] = protocol.VERSION
    return response


def abilities() -> HttpResponse:
    """Answer an OPTIONS."""
    return HttpResponse(status=HTTPStatus.NO_CONTENT, headers=protocol.server_headers())


def state_of(upload: ResumableUpload, sender: Sender) -> dict[str, Any]:
    """Return where an upload stands, as JSON."""
    data: dict[str, Any] = {
        "id": str(upload.pk),
        "name": upload.name,
        "length_bytes": upload.length_bytes,
        "offset_bytes": upload.offset_bytes,
        "outcome": protocol.outcome(upload),
        "expires_at": upload.expires_at.isoformat(),
        "document_id": None,
        "url": None,
        "error": None,
    }
    if upload.document:
        data["document_id"] = str(upload.document)
        data["url"] = sender.document_url(upload.document)
    if upload.error_code:
        data["error"] = {"code": upload.error_code, "message": _message(upload.error_code)}
    return data


async def refusals_answered(answer: Awaitable[HttpResponse]) -> HttpResponse:
    """Await an answer; return what is refused as an error in JSON."""
    try:
        return await answer
    except ClientLeft:
        # Nobody reads this.
        return HttpResponse(status=HTTPStatus.BAD_REQUEST)
    except UploadRefused as error:
        response = json_error(error.status, error.code, error.message)
    except IngestionError as error:
        status = UPLOAD_STATUS.get(error.code, 422)
        response = json_error(status, error.code, user_message(error.code))
    except InstanceError as error:
        response = json_error(HTTPStatus.FORBIDDEN, error.code, refusal(error))
    response["Tus-Resumable"] = response["Tus-Version"] = protocol.VERSION
    return response


async def _take_first(
    request: HttpRequest, upload: ResumableUpload, checksum: protocol.Checksum | None
) -> None:
    """Receive the bytes that come with the announcement of a file.

    A small file that comes whole is finished without a piece in the storage.
    """
    declared = protocol.declared_bytes(request.headers)
    if checksum is not None or not declared == upload.length_bytes <= PIECE_BYTES:
        await receive(upload, upload.instance, body_parts(request), checksum)
        return
    content = bytearray()
    async for part in body_parts(request):
        content += part
        if len(content) > upload.length_bytes:
            raise UploadRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_long")
    if len(content) == upload.length_bytes:
        await _in_finisher(finish_whole, upload, bytes(content))


async def _abandon(upload: ResumableUpload) -> None:
    """Stop an upload whose sender does not know where it is, so that its room is free again."""
    try:
        await asyncio.shield(in_database(stop_upload, upload))
    except (DatabaseError, InterfaceError):
        # The error that led here is the one to raise.
        logger.exception("upload %s is not stopped: it takes room until it expires", upload.pk)


async def _finished(sender: Sender, upload_id: UUID, password: str = "") -> ResumableUpload:
    """Finish an upload, if it can be now; return it as it is then."""
    upload = await in_tenant(sender.instance, sender.find, upload_id)
    if upload.is_received and upload.state == ResumableUpload.State.RECEIVING:
        needs_password = upload.error_code and not password
        if not needs_password:
            finish_it = partial(finish_upload, sender.instance.pk, upload_id, password=password)
            await _in_finisher(finish_it)
            upload = await in_tenant(sender.instance, sender.find, upload_id)
    return upload


async def _in_finisher(function: Callable[..., None], *arguments: Any) -> None:
    def call() -> None:
        try:
            function(*arguments)
        finally:
            connection.close()

    await asyncio.get_running_loop().run_in_executor(_finishers, copy_context().run, call)


def _with_headers(response: HttpResponse, upload: ResumableUpload) -> HttpResponse:
    for name, value in protocol.upload_headers(upload).items():
        response[name] = value
    return response


def _message(code: str) -> str:
    if code in MESSAGES:
        return str(MESSAGES[code])
    if code == "quota":
        return _(
            "This instance is full: delete documents that are no longer needed, or ask an "
            "administrator of your organisation for more storage."
        )
    return str(user_message(code))
