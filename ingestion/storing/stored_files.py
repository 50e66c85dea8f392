"""The files of documents: stored with their rows, and deleted with them.

All functions run inside ``tenant(instance)``.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import IO, Any, BinaryIO, cast
from uuid import UUID, uuid4

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
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


@dataclass(frozen=True)
class AcceptedFile:
    """A file that can be read, before its row; ``sha256`` is that of the bytes that were sent.

    ``content`` is on disk, and None once it ``is_written`` to the storage, under the name of the
    document, or where a document has these bytes already.
    """

    name: str
    sha256: str
    size_bytes: int
    media_type: str
    content: IO[bytes] | None
    is_written: bool = False
    document_id: UUID = field(default_factory=uuid4)


def store_file(
    *,
    instance: Instance,
    user: User | None,
    name: str,
    folder: str = "",
    sensitivity: str = "",
    password: str = "",
    conversation_id: UUID | None = None,
    content: IO[bytes],
    **inherited: Any,
) -> tuple[Document, bool]:
    """Store a file as a document that waits; bytes already stored give the existing document.

    A file with a password is stored without it; its ``sha256`` is that of the bytes given.

    With ``conversation_id``, it is an attachment, which the conversation has once.

    ``user`` is None for an API key without a person. ``sensitivity`` is empty, or above that of the
    instance. Neither it nor ``inherited``, further fields of the new row, is applied to bytes
    already stored.

    Returns the document and whether it is new. Before anything is stored, raises ``FileTooLarge``,
    ``EmptyDocument``, ``UnsupportedMediaType``, ``EncryptedDocument`` (a password is needed),
    ``WrongPassword`` or another error of ``unlocked``, or one of ``instances.quotas.check_room``.
    """
    name = clean_name(name)
    with tempfile.TemporaryFile() as uploaded:
        sha256 = _copy(content, uploaded)
        if existing := same_bytes(instance, sha256, conversation_id):
            return existing, False
        accepted = accept_file(uploaded, name=name, sha256=sha256, password=password)
        return store_accepted(
            accepted,
            instance=instance,
            user=user,
            folder=folder,
            sensitivity=sensitivity,
            conversation_id=conversation_id,
            **inherited,
        )


def accept_file(content: IO[bytes], *, name: str, sha256: str, password: str = "") -> AcceptedFile:
    """Check a file on disk, outside the database. Raises the errors of a refused file."""
    if not content.seek(0, os.SEEK_END):
        raise EmptyDocument("no bytes at all")
    copy = unlocked(content, password) or content
    media_type = detect(cast(BinaryIO, copy), name)
    return AcceptedFile(
        name=name,
        sha256=sha256,
        size_bytes=copy.seek(0, os.SEEK_END),
        media_type=media_type,
        content=copy,
    )


def accepted_before(document: Document) -> AcceptedFile:
    """Return the file of a document that is stored, for bytes that are sent again."""
    return AcceptedFile(
        name=document.name,
        sha256=document.sha256,
        size_bytes=document.size_bytes,
        media_type=document.media_type,
        content=None,
    )


def store_accepted(
    accepted: AcceptedFile,
    *,
    instance: Instance,
    user: User | None,
    folder: str = "",
    sensitivity: str = "",
    conversation_id: UUID | None = None,
    **inherited: Any,
) -> tuple[Document, bool]:
    """Store an accepted file as ``store_file`` does; its bytes, unless ``write_file`` has."""
    if existing := same_bytes(instance, accepted.sha256, conversation_id):
        return existing, False
    document = Document(
        id=accepted.document_id,
        instance=instance,
        name=accepted.name,
        folder=clean_folder(folder),
        sensitivity=sensitivity,
        media_type=accepted.media_type,
        size_bytes=accepted.size_bytes,
        sha256=accepted.sha256,
        uploaded_by=user,
        conversation_id=conversation_id,
        **inherited,
    )
    check_room(instance, accepted.size_bytes, is_attachment=document.is_attachment)
    try:
        # Before the row, so that every row has its file. ``ingestion.recovery.orphans`` deletes
        # what an aborted transaction or a killed process leaves.
        if accepted.content is not None:
            accepted = write_file(instance, accepted)
        document.file.name = stored_path(document, accepted.name)
        with transaction.atomic():
            document.save(force_insert=True)
    except FilesUnavailable:
        raise
    except BaseException as error:
        document.file.storage.delete(stored_path(document, accepted.name))
        # Another request may have stored the same bytes since the check.
        if isinstance(error, IntegrityError):
            existing = same_bytes(instance, accepted.sha256, conversation_id)
            if existing is not None:
                return existing, False
        raise
    return document, True


def write_file(instance: Instance, accepted: AcceptedFile) -> AcceptedFile:
    """Write the bytes of an accepted file to the storage; return it without them.

    A file with a path of its own (``temporary_file_path``) is moved if the storage is a directory.
    Raises FilesUnavailable.
    """
    document = Document(id=accepted.document_id, instance=instance)
    content = accepted.content
    if content is None:
        raise ValueError("its bytes are in the storage already")
    content.seek(0)
    file = content if isinstance(content, File) else File(content)
    try:
        default_storage.save(stored_path(document, accepted.name), file)
    except StorageUnavailable as error:
        raise FilesUnavailable(str(error)) from error
    return replace(accepted, content=None, is_written=True)


def delete_with_file(document: Document) -> None:
    """Delete a row with what hangs on it, its file and the pictures of its pages."""
    delete_files_on_commit([document])
    document.delete()


def delete_files_on_commit(documents: Iterable[Document]) -> None:
    """Delete the files of rows, and the pictures of their pages, when the transaction commits."""
    for document in documents:
        storage, path = document.file.storage, document.file.name
        pictures = partial(delete_pictures, storage, document.instance_id, document.pk)
        # Robust: a file that remains after an error is deleted by ``ingestion.recovery.orphans``.
        transaction.on_commit(partial(storage.delete, path or ""), robust=True)
        transaction.on_commit(pictures, robust=True)


def _copy(content: IO[bytes], target: IO[bytes]) -> str:
    """Copy a stream to disk; return its SHA-256."""
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
    return digest.hexdigest()


def same_bytes(
    instance: Instance, sha256: str, conversation_id: UUID | None = None
) -> Document | None:
    """Return the document of the instance, or the attachment of the conversation, that has these
    bytes."""
    documents = Document.with_attachments.for_instance(instance)
    return documents.filter(conversation=conversation_id, sha256=sha256).first()
