"""``/api/v1/documents``: add, list, read, change and delete documents of an instance."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from ninja import Field, File, Form, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import AfterValidator, field_validator

from ingestion import uploads, versions
from ingestion.documents import metadata
from ingestion.documents.metadata import unique_tags
from ingestion.documents.sensitivity import of_level, own_level
from ingestion.documents.text_export import json_text, plain_text
from ingestion.error_messages import UPLOAD_STATUS, user_message
from ingestion.errors import IngestionError
from ingestion.models import MAX_TAG_CHARS, MAX_TAGS, Document, DocumentPage
from ingestion.parse_warnings import WarningCode, warning_message
from ingestion.upload_names import without_invisible
from instances.api import ApiError, ApiKeyAuth, ErrorDetail, ErrorOut, KeyRequest
from instances.errors import InstanceError
from instances.errors import user_message as refusal
from instances.models import ApiKey, Instance, Sensitivity
from instances.tenancy import tenant

router = Router(tags=["documents"])

MANAGE = ApiKeyAuth(ApiKey.Scope.MANAGE)
MAX_LISTED = 1_000
MAX_OFFSET = 1_000_000_000


class WarningOut(Schema):
    """What was left out of a ready document, or hidden in its file; `details` names pages, sheets,
    parts or files."""

    code: WarningCode
    message: str
    details: list[str]


class DocumentOut(Schema):
    id: UUID
    name: str
    folder: str
    media_type: str
    sensitivity: Sensitivity = Field(alias="level")
    size_bytes: int
    sha256: str
    title: str
    author: str
    category: str
    dated: date | None
    tags: list[str]
    version: int
    series: UUID = Field(description="The same for all versions of a document")
    attached_to: UUID | None = Field(
        description="`series` of the document in whose file this one was; null for all others"
    )
    status: str
    error: ErrorDetail | None
    warnings: list[WarningOut]
    pages: int
    recognised_pages: int = Field(description="Pages whose text was read by OCR")
    chunks: int
    embedded_chunks: int
    created_at: datetime
    finished_at: datetime | None

    @staticmethod
    def resolve_warnings(document: Document) -> list[WarningOut]:
        return [
            WarningOut(
                code=warning.code,
                message=warning_message(warning),
                details=list(warning.details),
            )
            for warning in document.parse_warnings
        ]

    @staticmethod
    def resolve_error(document: Document) -> dict[str, str] | None:
        if not document.error_code:
            return None
        return {
            "code": document.error_code,
            "message": str(user_message(document.error_code)),
        }


_VISIBLE = AfterValidator(without_invisible)


class DocumentChanges(Schema):
    """What is not given stays as it is; an empty title shows the file name."""

    title: Annotated[str, _VISIBLE] = Field("", max_length=500)
    author: Annotated[str, _VISIBLE] = Field("", max_length=200)
    category: Annotated[str, _VISIBLE] = Field("", max_length=60)
    dated: date | None = None
    folder: str = Field("", max_length=500)
    tags: list[Annotated[str, Field(max_length=MAX_TAG_CHARS)]] = Field([], max_length=MAX_TAGS)

    @field_validator("tags")
    @classmethod
    def _unique(cls, tags: list[str]) -> list[str]:
        return unique_tags(
            " ".join(without_invisible(tag.replace(",", " ")).split()) for tag in tags
        )


class Paging(Schema):
    status: Literal["", "queued", "parsing", "embedding", "ready", "failed"] = ""
    tag: str = Field("", max_length=MAX_TAG_CHARS)
    sensitivity: Sensitivity | Literal[""] | None = None
    limit: int = Field(MAX_LISTED, ge=0)
    offset: int = Field(0, ge=0, le=MAX_OFFSET)


@router.post(
    "/documents",
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
    summary="Add a document. Bytes already in the instance return the existing document (200). A "
    "file with a password is opened with `password`, which is not kept, and stored without it",
)
def add_document(
    request: KeyRequest,
    file: File[UploadedFile],
    folder: str = Form("", max_length=2000),
    sensitivity: Form[Sensitivity | Literal[""] | None] = None,
    password: str = Form("", max_length=1000),
) -> Status:
    key = request.auth
    require_one_file(request)
    with tenant(key.instance), refusals():
        document, created = uploads.store_upload(
            instance=key.instance,
            user=key.created_by,
            name=file.name or "",
            folder=folder,
            sensitivity=own_level(key.instance, sensitivity or ""),
            password=password,
            content=file,
        )
    return Status(201 if created else 200, document)


@router.get("/documents", response=list[DocumentOut], summary="List documents, newest first")
def list_documents(
    request: KeyRequest, response: HttpResponse, paging: Query[Paging]
) -> list[Document]:
    with tenant(request.auth.instance):
        documents = Document.objects.for_instance(request.auth.instance).listed()
        documents = documents.order_by("-created_at", "pk")
        if paging.status:
            documents = documents.filter(status=paging.status)
        if paging.tag:
            documents = documents.filter(tags__contains=[paging.tag])
        if paging.sensitivity:
            documents = documents.filter(of_level(request.auth.instance, paging.sensitivity))
        response["X-Total-Count"] = str(documents.count())
        return list(documents[paging.offset : paging.offset + min(paging.limit, MAX_LISTED)])


@router.get("/documents/{document_id}", response=DocumentOut, summary="One document")
def get_document(request: KeyRequest, document_id: UUID) -> Document:
    with tenant(request.auth.instance):
        return find(request.auth.instance, document_id)


@router.patch(
    "/documents/{document_id}",
    auth=MANAGE,
    response={200: DocumentOut, 422: ErrorOut},
    summary="Change the title, folder, tags, author, kind or date of a document",
)
def change_document(request: KeyRequest, document_id: UUID, changes: DocumentChanges) -> Document:
    given = changes.model_dump(exclude_unset=True)
    with tenant(request.auth.instance):
        document = find(request.auth.instance, document_id)
        if "title" in given:
            uploads.retitle(document, given.pop("title"))
        if given:
            metadata.describe(document, **given)
        document.refresh_from_db()
        return document


@router.delete(
    "/documents/{document_id}",
    auth=MANAGE,
    response={204: None},
    summary="Delete a document with its versions, passages, vectors and files",
)
def delete_document(request: KeyRequest, document_id: UUID) -> Status:
    with tenant(request.auth.instance):
        versions.delete(find(request.auth.instance, document_id))
    return Status(204, None)


@router.get(
    "/documents/{document_id}/text",
    summary="The text as extracted: plain, a form feed between pages; or JSON, page by page",
)
def get_text(request: KeyRequest, document_id: UUID) -> StreamingHttpResponse:
    with tenant(request.auth.instance):
        document = find(request.auth.instance, document_id)
        has_text = DocumentPage.objects.filter(document=document).exists()
    if not has_text and document.status in (*Document.UNFINISHED, Document.Status.FAILED):
        raise ApiError(409, "not_ready", _("The text of this document was not extracted (yet)."))
    if _wants_json(request):
        return StreamingHttpResponse(json_text(document), content_type="application/json")
    return StreamingHttpResponse(plain_text(document), content_type="text/plain; charset=utf-8")


def find(instance: Instance, document_id: UUID) -> Document:
    """Return a document of the instance, inside ``tenant()``; raises ApiError (404)."""
    document = Document.objects.for_instance(instance).filter(pk=document_id).first()
    if document is None:
        raise ApiError(404, "not_found", _("There is no such document in this instance."))
    return document


def require_one_file(request: KeyRequest) -> None:
    """Raise ApiError if a request sends several files."""
    if len(request.FILES.getlist("file")) > 1:
        raise ApiError(422, "one_file", _("Send one file in each request."))


@contextmanager
def refusals() -> Iterator[None]:
    """Raise the refusal of an uploaded file as ApiError."""
    try:
        yield
    except IngestionError as error:
        status = UPLOAD_STATUS.get(error.code, 422)
        raise ApiError(status, error.code, str(user_message(error.code))) from error
    except InstanceError as error:
        raise ApiError(403, error.code, refusal(error)) from error


def _wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/plain", "application/json"]) == "application/json"
