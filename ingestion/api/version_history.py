"""``/api/v1/documents/{id}/versions``: replace the file of a document, and read its history."""

from uuid import UUID

from django.utils.translation import gettext as _
from ninja import File, Form, Router, Status
from ninja.files import UploadedFile

from ingestion import versions
from ingestion.api.documents import MANAGE, DocumentOut, find, refusals, require_one_file
from ingestion.models import Document
from instances.api import ApiError, ErrorOut, KeyRequest
from instances.tenancy import tenant

router = Router(tags=["documents"])


@router.get(
    "/documents/{document_id}/versions",
    response=list[DocumentOut],
    summary="All versions of a document, newest first",
)
def list_versions(request: KeyRequest, document_id: UUID) -> list[Document]:
    with tenant(request.auth.instance):
        return versions.history(find(request.auth.instance, document_id))


@router.post(
    "/documents/{document_id}/versions",
    auth=MANAGE,
    response={
        201: DocumentOut,
        200: DocumentOut,
        403: ErrorOut,
        413: ErrorOut,
        415: ErrorOut,
        422: ErrorOut,
        503: ErrorOut,
    },
    summary="Add a version, which replaces the current one when it is ready. The bytes of an older "
    "one make that current again (200)",
)
def add_version(
    request: KeyRequest,
    document_id: UUID,
    file: File[UploadedFile],
    password: str = Form("", max_length=1000),
) -> Status:
    key = request.auth
    require_one_file(request)
    with tenant(key.instance), refusals():
        document, created = versions.add_version(
            find(key.instance, document_id),
            user=key.created_by,
            name=file.name or "",
            password=password,
            content=file,
        )
    return Status(201 if created else 200, document)


@router.post(
    "/documents/{document_id}/restore",
    auth=MANAGE,
    response={200: DocumentOut, 409: ErrorOut},
    summary="Make a replaced version the current one again",
)
def restore_version(request: KeyRequest, document_id: UUID) -> Document:
    with tenant(request.auth.instance):
        version = find(request.auth.instance, document_id)
        if not version.is_superseded:
            raise ApiError(409, "not_replaced", _("No newer version has replaced this document."))
        versions.restore(version)
        return version
