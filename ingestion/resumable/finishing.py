"""Store the document of an upload that was received whole, or record why it is refused.

Its pieces are joined, read and written outside any transaction, which may take minutes. One process
at a time does so: it holds the upload until ``finishing_until``, which it renews. If it is killed,
another begins again (``ingestion.resumable.expiry``). The outcome is written once, in the
transaction that adds the document, under a lock on the row.
"""

import errno
import hashlib
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from ingestion import uploads, versions
from ingestion.errors import (
    EncryptedDocument,
    FilesUnavailable,
    IngestionError,
    ServiceError,
    WrongPassword,
)
from ingestion.models import Document, ResumableUpload
from ingestion.resumable.creation import next_expiry
from ingestion.resumable.holding import held, hold_until
from ingestion.resumable.pieces import (
    delete_all_pieces,
    join_pieces,
    local_directory,
    save_piece,
)
from ingestion.resumable.refusals import UploadRefused
from ingestion.storing.stored_files import (
    AcceptedFile,
    accept_file,
    accepted_before,
    same_bytes,
    write_file,
)
from instances.errors import InstanceError
from instances.tenancy import tenant

logger = logging.getLogger(__name__)

_State = ResumableUpload.State
_DATABASE_UNAVAILABLE = (OperationalError, InterfaceError)
# Libraries that read a damaged file may raise an OSError without a number, or for a wrong offset.
_OF_THE_FILE = (None, errno.EINVAL)
# The bytes are kept, and the sender is asked for a password.
PASSWORD_CODES = (EncryptedDocument.code, WrongPassword.code)


class _Ended(Exception):
    """The upload was stopped, or another process has finished it."""


class _JoinedFile(File):
    """A file on disk that Django's storage of a directory moves instead of copying it."""

    def temporary_file_path(self) -> str:
        return str(self.name)


def finish_upload(instance_id: int, upload_id: UUID, *, password: str = "") -> None:
    """Finish an upload that is received whole and that no other process is finishing.

    ``password`` is that of the file, if it has one. An error of the service leaves the upload for
    another try.
    """
    with tenant(instance_id):
        upload = _take(instance_id, upload_id)
    connection.close()
    if upload is None:
        return
    with held(upload):
        try:
            with _joined(upload) as (content, sha256):
                _finish(upload, content, sha256, password)
        except (UploadRefused, IngestionError, OSError) as error:
            logger.warning("upload %s is not finished yet: %s", upload_id, error)
            _update(upload, finishing_until=None)


def finish_whole(upload: ResumableUpload, content: bytes) -> None:
    """Finish an upload whose bytes have all come at once, and of which no piece is stored yet.

    If it cannot be finished now (as ``finish_upload``), its bytes are kept as its only piece.
    """
    with suppress(IngestionError, OSError), tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        _finish(upload, file, hashlib.sha256(content).hexdigest(), "")
    with tenant(upload.instance_id):
        waiting = _rows(upload).values("error_code").first()
    if waiting is not None and content:
        piece = save_piece(upload.instance_id, upload.pk, 0, content)
        _update(upload, offset_bytes=upload.length_bytes, pieces=[piece])


def _take(instance_id: int, upload_id: UUID) -> ResumableUpload | None:
    upload: ResumableUpload | None = (
        ResumableUpload.objects.for_instance(instance_id)
        .select_related("instance__organisation", "uploaded_by")
        .select_for_update(of=("self",))
        .filter(pk=upload_id, state=_State.RECEIVING)
        .first()
    )
    if upload is None or not upload.is_received:
        return None
    if upload.finishing_until is not None and upload.finishing_until > timezone.now():
        return None
    upload.finishing_until = hold_until()
    upload.save(update_fields=["finishing_until"])
    return upload


@contextmanager
def _joined(upload: ResumableUpload) -> Iterator[tuple[IO[bytes], str]]:
    """Yield the whole file, on disk, and its SHA-256."""
    directory = local_directory(upload.instance_id, upload.pk) if upload.pieces else None
    with tempfile.NamedTemporaryFile(dir=directory, delete=False) as file:
        try:
            sha256 = join_pieces(upload.instance_id, upload.pk, upload.pieces, file)
            yield _JoinedFile(file, file.name), sha256
        finally:
            Path(file.name).unlink(missing_ok=True)


def _finish(upload: ResumableUpload, content: IO[bytes], sha256: str, password: str) -> None:
    """Write the outcome of an upload. Raises an IngestionError that is not permanent."""
    try:
        with tenant(upload.instance_id):
            existing = same_bytes(upload.instance, sha256)
        connection.close()
        # The bytes of a version that is deleted when another takes its place are stored anew.
        if existing is None or upload.replaces:
            accepted = _written(upload, content, sha256, password)
        else:
            accepted = accepted_before(existing)
        _publish(upload, accepted)
    except _Ended:
        pass
    except (IngestionError, InstanceError, UploadRefused) as error:
        if isinstance(error, IngestionError) and not error.permanent:
            raise
        _refuse(upload, error.code)
    except _DATABASE_UNAVAILABLE:
        raise
    except Exception:
        logger.exception("upload %s cannot be finished", upload.pk)
        _refuse(upload, ServiceError.code)
    else:
        delete_all_pieces(upload.instance_id, upload.pk)


def _written(
    upload: ResumableUpload, content: IO[bytes], sha256: str, password: str
) -> AcceptedFile:
    """Check a file and write it to the storage.

    Raises the errors of a refused file, and FilesUnavailable if the disk is full or fails.
    """
    accepted = None
    try:
        accepted = accept_file(content, name=upload.name, sha256=sha256, password=password)
        return write_file(upload.instance, accepted)
    except OSError as error:
        if accepted is not None:
            _delete_file(upload, accepted)
        if error.errno in _OF_THE_FILE:
            raise
        raise FilesUnavailable(str(error)) from error


def _publish(upload: ResumableUpload, accepted: AcceptedFile) -> None:
    """Add the document, and write that it was; of bytes that are here already, name it."""
    is_used = False
    try:
        with tenant(upload.instance_id):
            is_new = _record(upload, accepted)
            # If the answer to the COMMIT is lost, the document may exist. Otherwise
            # ``ingestion.recovery.orphans`` deletes its file.
            is_used = is_new
    finally:
        if not is_used:
            _delete_file(upload, accepted)


def _record(upload: ResumableUpload, accepted: AcceptedFile) -> bool:
    """Write the document and the outcome of its upload; return whether the document is new."""
    locked = _rows(upload).select_for_update().first()
    if locked is None:
        raise _Ended
    replaced = _replaced(upload, upload.replaces) if upload.replaces else None
    if replaced is not None:
        # Before the totals, which the new state locks: all others lock them in this order.
        versions.lock_versions(replaced)
    # Before the document, so that its own reservation does not stand in its way.
    locked.state = _State.STORED
    locked.save(update_fields=["state"])
    document, is_new = _add(upload, accepted, replaced)
    locked.document, locked.is_new, locked.name = document.pk, is_new, document.name
    locked.offset_bytes, locked.pieces = locked.length_bytes, []
    locked.error_code, locked.finishing_until = "", None
    locked.save()
    return is_new


def _replaced(upload: ResumableUpload, document_id: UUID) -> Document:
    documents = Document.objects.for_instance(upload.instance_id).select_related("instance")
    replaced: Document | None = documents.filter(pk=document_id).first()
    if replaced is None:
        raise UploadRefused(404, "replaces")
    return replaced


def _add(
    upload: ResumableUpload, accepted: AcceptedFile, replaced: Document | None
) -> tuple[Document, bool]:
    if replaced is not None:
        return versions.add_version(replaced, user=upload.uploaded_by, accepted=accepted)
    if not accepted.is_written and same_bytes(upload.instance, accepted.sha256) is None:
        raise FilesUnavailable("the document with the same bytes was deleted meanwhile")
    return uploads.store_upload(
        accepted=accepted,
        instance=upload.instance,
        user=upload.uploaded_by,
        folder=upload.folder,
        sensitivity=upload.sensitivity,
        priority=upload.priority,
    )


def _refuse(upload: ResumableUpload, code: str) -> None:
    """Record why the file is refused; one that needs a password is kept until it is given."""
    if code in PASSWORD_CODES:
        _update(upload, error_code=code, finishing_until=None, expires_at=next_expiry())
        return
    _update(
        upload,
        state=_State.REFUSED,
        error_code=code,
        offset_bytes=upload.length_bytes,
        pieces=[],
        finishing_until=None,
    )
    delete_all_pieces(upload.instance_id, upload.pk)


def _delete_file(upload: ResumableUpload, accepted: AcceptedFile) -> None:
    """Delete a file without a document; ``ingestion.recovery.orphans`` does if this fails."""
    with suppress(OSError):
        default_storage.delete(f"{upload.instance_id}/{accepted.document_id}")


def _update(upload: ResumableUpload, **fields: Any) -> None:
    with tenant(upload.instance_id):
        _rows(upload).update(**fields)


def _rows(upload: ResumableUpload) -> Any:
    """The row of an upload that is not finished."""
    rows = ResumableUpload.objects.for_instance(upload.instance_id)
    return rows.filter(pk=upload.pk, state=_State.RECEIVING)
