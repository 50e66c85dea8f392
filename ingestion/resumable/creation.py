"""Begin an upload: all that can refuse the file is checked before its first byte.

Runs inside ``tenant(instance)``.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from ingestion import uploads
from ingestion.documents.sensitivity import own_level
from ingestion.errors import FileTooLarge
from ingestion.models import Document, ResumableUpload
from ingestion.resumable.disk_space import check_disk_space
from ingestion.resumable.refusals import UploadRefused
from ingestion.upload_names import clean_folder, clean_name
from instances.models import Instance
from instances.quotas import check_room, lock_totals
from people.models import User

# Of one instance, half sent; each reserves its room.
MAX_UNFINISHED = 1_000


@dataclass(frozen=True)
class AnnouncedFile:
    """What its sender says of a file before its bytes."""

    length_bytes: int
    name: str
    folder: str = ""
    sensitivity: str = ""
    replaces: UUID | None = None
    is_first: bool = False
    metadata: str = ""


def create_upload(
    file: AnnouncedFile, *, instance: Instance, user: User | None, by_key: bool
) -> ResumableUpload:
    """Reserve the room of a file.

    Raises FileTooLarge, UploadRefused (the document to replace is gone, too many uploads, no room
    on the disk), or an error of ``instances.quotas.check_room``.
    """
    if file.length_bytes > settings.MAX_RESUMABLE_BYTES:
        raise FileTooLarge(f"more than {settings.MAX_RESUMABLE_BYTES} bytes")
    if file.replaces and not _exists(instance, file.replaces):
        raise UploadRefused(HTTPStatus.NOT_FOUND, "replaces")
    check_room(instance, file.length_bytes)
    if lock_totals(instance.pk).reserved_documents >= MAX_UNFINISHED:
        raise UploadRefused(HTTPStatus.TOO_MANY_REQUESTS, "too_many_uploads")
    check_disk_space(file.length_bytes)
    upload: ResumableUpload = ResumableUpload.objects.create(
        instance=instance,
        uploaded_by=user,
        by_key=by_key,
        name=clean_name(file.name),
        folder=clean_folder(file.folder),
        sensitivity=own_level(instance, file.sensitivity),
        replaces=file.replaces,
        priority=uploads.FIRST if file.is_first else 0,
        metadata=file.metadata,
        length_bytes=file.length_bytes,
        expires_at=next_expiry(),
    )
    return upload


def next_expiry() -> datetime:
    """Return when an upload expires of which nothing more comes from now on."""
    return timezone.now() + timedelta(hours=settings.UPLOADS_KEPT_HOURS)


def _exists(instance: Instance, document_id: UUID) -> bool:
    return Document.objects.for_instance(instance).filter(pk=document_id).exists()
