"""Upload, retitle, retry, cancel and delete documents.

All functions run inside ``tenant(instance)``; tasks are enqueued when that transaction commits.
"""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from functools import partial
from typing import IO, Any

from django.conf import settings
from django.core.files import File
from django.db import IntegrityError, transaction
from django.utils import timezone

from ingestion import tasks
from ingestion.documents.picture_cache import delete_pictures
from ingestion.errors import EmptyDocument, FilesUnavailable, FileTooLarge, ParseCancelled
from ingestion.indexing import statistics
from ingestion.models import Document, stored_path
from ingestion.parsing.detection.files import detect
from ingestion.storage import StorageUnavailable
from ingestion.unlocking import unlocked
from ingestion.upload_names import clean_folder, clean_name
from instances.models import Instance
from instances.quotas import check_room, lock_totals
from people.models import User

_BLOCK_BYTES = 1 << 20


def store_upload(
    *,
    instance: Instance,
    user: User | None,
    name: str,
    folder: str = "",
    sensitivity: str = "",
    password: str = "",
    content: IO[bytes],
    **inherited: Any,
) -> tuple[Document, bool]:
    """Store an uploaded file and queue it; bytes already stored give the existing document.

    A file with a password is stored without it; its ``sha256`` is that of the bytes uploaded.

    ``user`` is None for an API key without a person. ``sensitivity`` is empty, or above that of the
    instance. Neither it nor ``inherited``, further fields of the new row, is applied to bytes
    already stored.

    Returns the document and whether it is new. Before anything is stored, raises ``FileTooLarge``,
    ``EmptyDocument``, ``UnsupportedMediaType``, ``EncryptedDocument`` (a password is needed),
    ``WrongPassword`` or another error of ``unlocked``, or one of ``instances.quotas.check_room``.
    """
    name = clean_name(name)
    with tempfile.TemporaryFile() as uploaded:
        sha256, size_bytes = _copy(content, uploaded)
        if existing := _same_bytes(instance, sha256):
            return existing, False
        copy = unlocked(uploaded, password) or uploaded
        size_bytes = copy.seek(0, os.SEEK_END)
        document = Document(
            instance=instance,
            name=name,
            folder=clean_folder(folder),
            sensitivity=sensitivity,
            media_type=detect(copy, name),
            size_bytes=size_bytes,
            sha256=sha256,
            uploaded_by=user,
            **inherited,
        )
        check_room(instance, size_bytes)
        copy.seek(0)
        try:
            # Before the row, so that every row has its file. ``ingestion.recovery.orphans`` deletes
            # what an aborted transaction or a killed process leaves.
            document.file.save(name, File(copy), save=False)
            with transaction.atomic():
                document.save(force_insert=True)
        except StorageUnavailable as error:
            raise FilesUnavailable(str(error)) from error
        except BaseException as error:
            document.file.storage.delete(stored_path(document, name))
            # Another request may have stored the same bytes since the check.
            if isinstance(error, IntegrityError) and (existing := _same_bytes(instance, sha256)):
                return existing, False
            raise
    _enqueue()
    return document, True


def retitle(document: Document, title: str) -> None:
    """Change a document's title; lexical search finds its passages by the new one at once."""
    locked = Document.objects.select_for_update().get(pk=document.pk)
    locked.title, locked.title_is_edited = title, bool(title)
    locked.save(update_fields=["title", "title_is_edited", "updated_at"])
    if locked.status == Document.Status.READY:
        statistics.withdraw(locked)
        statistics.make_searchable(locked)


def retry(documents: Sequence[Document]) -> int:
    """Restart failed documents of one instance from the beginning; return how many.

    At most ``RETRIES_AT_ONCE``, and as many as keep the instance at ``RETRIES_WAITING`` or fewer.
    """
    if not documents:
        return 0
    # Locks the instance, so that concurrent requests together do not exceed the limit.
    lock_totals(documents[0].instance_id)
    room = max(0, settings.RETRIES_WAITING - _retries_waiting(documents[0].instance_id))
    restarted = documents[: min(room, settings.RETRIES_AT_ONCE)]
    for document in restarted:
        _restart(document, status=Document.Status.QUEUED, error_code="")
        _enqueue()
    return len(restarted)


def reindex(documents: Sequence[Document]) -> int:
    """Read and embed ready documents again; return how many. Until then no answer uses them."""
    ready = [document for document in documents if document.status == Document.Status.READY]
    for document in ready:
        statistics.withdraw(document)
        _restart(document, status=Document.Status.QUEUED, error_code="")
        _enqueue()
    return len(ready)


def cancel(document: Document) -> None:
    """Cancel an unfinished document; its worker stops at the next heartbeat."""
    if document.status in Document.UNFINISHED:
        _restart(document, status=Document.Status.FAILED, error_code=ParseCancelled.code)
        Document.objects.filter(pk=document.pk).update(finished_at=timezone.now())


def delete(document: Document) -> None:
    """Delete a document with its pages, passages, vectors and file."""
    Document.objects.select_for_update().get(pk=document.pk)
    statistics.withdraw(document)
    storage, path = document.file.storage, document.file.name
    pictures = partial(delete_pictures, storage, document.instance_id, document.pk)
    document.delete()
    # Robust: a file that remains after an error is deleted by ``ingestion.recovery.orphans``.
    transaction.on_commit(partial(storage.delete, path or ""), robust=True)
    transaction.on_commit(pictures, robust=True)


def _copy(content: IO[bytes], target: IO[bytes]) -> tuple[str, int]:
    """Copy a stream to disk; return its SHA-256 and its size in bytes."""
    digest, size_bytes = hashlib.sha256(), 0
    while block := content.read(_BLOCK_BYTES):
        size_bytes += len(block)
        if size_bytes > settings.MAX_UPLOAD_BYTES:
            raise FileTooLarge(f"more than {settings.MAX_UPLOAD_BYTES} bytes")
        digest.update(block)
        target.write(block)
    if not size_bytes:
        raise EmptyDocument("no bytes at all")
    target.flush()
    return digest.hexdigest(), size_bytes


def _same_bytes(instance: Instance, sha256: str) -> Document | None:
    return Document.objects.for_instance(instance).filter(sha256=sha256).first()


def _restart(document: Document, *, status: Document.Status, error_code: str) -> None:
    """Start a new attempt at a document, which makes the current one stale."""
    locked = Document.objects.select_for_update().get(pk=document.pk)
    locked.status = status
    locked.error_code = error_code
    locked.attempt += 1
    locked.interruptions = locked.retries = 0
    locked.queued_at = timezone.now()
    locked.worker_seen_at = locked.started_at = locked.finished_at = None
    locked.save()
    document.refresh_from_db()


def _retries_waiting(instance_id: int) -> int:
    """Return the number of documents of an instance that wait to be parsed again."""
    waiting = Document.objects.for_instance(instance_id).filter(status=Document.Status.QUEUED)
    return waiting.filter(attempt__gt=1).count()


def _enqueue() -> None:
    transaction.on_commit(partial(tasks.enqueue, tasks.parse))
