"""Uploads of which nothing more comes, or whose process was killed."""

import logging
from uuid import UUID

from django.utils import timezone

from ingestion.models import ResumableUpload
from ingestion.resumable.finishing import finish_upload
from ingestion.resumable.pieces import delete_all_pieces, uploads_with_pieces
from instances.across_instances import call_function
from instances.models import Instance
from instances.tenancy import tenant

logger = logging.getLogger(__name__)


def finish_left_uploads() -> None:
    """Finish the uploads that were received whole and that no process is finishing."""
    for instance_id, upload_id in call_function("uploads_left_unfinished"):
        finish_upload(instance_id, upload_id)


def delete_expired_uploads() -> int:
    """Delete the uploads that have expired, with their pieces; return how many.

    Their room is free from then on.
    """
    found = call_function("expired_uploads")
    for instance_id, upload_id in found:
        with tenant(instance_id):
            rows = ResumableUpload.objects.for_instance(instance_id)
            rows.filter(pk=upload_id, expires_at__lte=timezone.now()).delete()
        delete_pieces_without_upload(instance_id, {upload_id})
    return len(found)


def delete_left_pieces() -> None:
    """Delete pieces that a killed process has left of an upload that is no more."""
    for instance_id in Instance.objects.values_list("pk", flat=True):
        if found := uploads_with_pieces(instance_id):
            delete_pieces_without_upload(instance_id, found)


def delete_pieces_without_upload(instance_id: int, upload_ids: set[UUID]) -> None:
    """Delete the pieces of those of these uploads that do not exist or need none."""
    with tenant(instance_id):
        rows = ResumableUpload.objects.for_instance(instance_id).filter(
            pk__in=upload_ids, state=ResumableUpload.State.RECEIVING
        )
        needed = set(rows.values_list("pk", flat=True))
    for upload_id in upload_ids - needed:
        delete_all_pieces(instance_id, upload_id)


def stop_upload(upload: ResumableUpload) -> None:
    """Delete an upload at its sender's wish; its document, if it has one, stays."""
    with tenant(upload.instance_id):
        ResumableUpload.objects.for_instance(upload.instance_id).filter(pk=upload.pk).delete()
    delete_all_pieces(upload.instance_id, upload.pk)
