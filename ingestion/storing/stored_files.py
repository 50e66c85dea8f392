"""The files of documents: stored with their rows, and deleted with them.

All functions run inside ``tenant(instance)``.
"""

import hashlib
import os
import tempfile
from functools import partial
from typing import IO, Any

from django.conf import settings
from django.core.files import File
from django.db import IntegrityError, transaction

from ingestion.documents.picture_cache import delete_pictures
from ingestion.errors import EmptyDocument, FilesUnavailable, FileTooLarge
from ingestion.models import Document, stored_path
from ingestion.parsing.detection.files import detect
from ingestion.storage import StorageUnavailable
from ingestion.storing.unlocking import unlocked
from ingestion.upload_names import clean_folder, clean_name
from instances.models import Instance
from instances.quotas import check_room
from people.models import User

_BLOCK_BYTES = 1 << 20


def store_file(
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
    """Store a file as a document that waits; bytes already stored give the existing document.

    A file with a password is stored without it; its ``sha256`` is that of the bytes given.

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
    return document, True


def delete_with_file(document: Document) -> None:
    """Delete a row with what hangs on it, its file and the pictures of its pages."""
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
