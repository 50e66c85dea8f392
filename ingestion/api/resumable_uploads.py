"""``/api/v1/uploads``: files sent in pieces, by the tus protocol (``ingestion.resumable``)."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpResponse
from ninja import Field, Form, Router, Schema

from ingestion.resumable import endpoint
from ingestion.resumable.endpoint import Sender, refusals_answered
from instances.api import AsyncApiKeyAuth, ErrorDetail, ErrorOut, KeyRequest
from instances.models import ApiKey

router = Router(tags=["uploads"], auth=AsyncApiKeyAuth(ApiKey.Scope.MANAGE))

_URL = "/api/v1/uploads"


class UploadOut(Schema):
    id: UUID
    name: str
    length_bytes: int
    offset_bytes: int
    outcome: Literal[
        "receiving", "checking", "needs_password", "stored", "duplicate", "refused"
    ] = Field(description="`duplicate`: an existing document has the same bytes")
    expires_at: datetime
    document_id: UUID | None
    url: str | None
    error: ErrorDetail | None


_ERRORS: dict[int, Any] = {
    status: ErrorOut for status in (400, 403, 404, 409, 412, 413, 415, 422, 429, 460, 503, 507)
}


@router.api_operation(
    ["OPTIONS"],
    "/uploads",
    response={204: None},
    summary="What the server can do (tus 1.0)",
)
async def abilities(request: KeyRequest) -> HttpResponse:
    return endpoint.abilities()


@router.post(
    "/uploads",
    response={201: UploadOut, **_ERRORS},
    summary="Announce a file (tus 1.0): `Tus-Resumable: 1.0.0`, `Upload-Length`, and "
    "`Upload-Metadata` with `filename`, perhaps `folder`, `sensitivity`, `replaces` and `priority` "
    "(1: before others of the instance), each in Base64. Its first bytes may follow as "
    "`application/offset+octet-stream`. `Location` is where the others go",
)
async def create_upload(request: KeyRequest) -> HttpResponse:
    return await refusals_answered(endpoint.create(request, _sender(request)))


@router.get(
    "/uploads/{upload_id}",
    response={200: UploadOut, **_ERRORS},
    summary="Where an upload stands; HEAD gives `Upload-Offset` alone (tus 1.0)",
)
async def get_upload(request: KeyRequest, upload_id: UUID) -> HttpResponse:
    return await refusals_answered(endpoint.state(request, _sender(request), upload_id))


@router.patch(
    "/uploads/{upload_id}",
    response={204: None, **_ERRORS},
    summary="Send the bytes from `Upload-Offset` on, as `application/offset+octet-stream`, perhaps "
    "with `Upload-Checksum` (tus 1.0). The last ones store the document: `Upload-Outcome`",
)
async def append_to_upload(request: KeyRequest, upload_id: UUID) -> HttpResponse:
    return await refusals_answered(endpoint.append(request, _sender(request), upload_id))


@router.post(
    "/uploads/{upload_id}/finish",
    response={200: UploadOut, **_ERRORS},
    summary="Give the password of a file that needs one; it is used once and not kept",
)
async def finish_upload(
    request: KeyRequest, upload_id: UUID, password: str = Form("", max_length=1000)
) -> HttpResponse:
    return await refusals_answered(endpoint.finish(request, _sender(request), upload_id, password))


@router.delete(
    "/uploads/{upload_id}",
    response={204: None, **_ERRORS},
    summary="Forget an upload and its bytes; a document that it became stays",
)
async def stop_upload(request: KeyRequest, upload_id: UUID) -> HttpResponse:
    return await refusals_answered(endpoint.stop(request, _sender(request), upload_id))


def _sender(request: KeyRequest) -> Sender:
    return Sender(
        instance=request.auth.instance,
        user=request.auth.created_by,
        by_key=True,
        upload_url=lambda pk: f"{_URL}/{pk}",
        document_url=lambda pk: f"/api/v1/documents/{pk}",
    )
