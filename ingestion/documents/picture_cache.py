"""Pictures of pages that were drawn before, in the storage beside the file of their document.

They are ``<instance>/pictures/<document>/<page>-<width>-<version>.webp``: readable by whoever may
read the document (the views check it), deleted with it, with its instance, or when nobody has had
any of them drawn for a month (``ingestion.recovery.orphans``). A picture that cannot be written or
read is drawn again.
"""

import logging
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import Storage

from ingestion.models import Document

logger = logging.getLogger(__name__)

FOLDER = "pictures"
# Of one document, some 5 MB; one more deletes those before it.
MAX_PICTURES = 60
# The header of WebP holds the length of the rest (RFC 9649, section 2.4).
_HEADER_BYTES = 8


def find_picture(document: Document, name: str) -> bytes | None:
    """Return a whole picture of the document, None without one."""
    storage: Storage = document.file.storage
    path = f"{_directory(document.instance_id, document.pk)}/{name}"
    try:
        with storage.open(path) as file:
            picture: bytes = file.read()
    except OSError:
        return None
    if _is_whole(picture):
        return picture
    # A process was killed while it wrote.
    storage.delete(path)
    return None


def keep_picture(document: Document, name: str, picture: bytes) -> None:
    """Keep a picture of the document; errors of the storage are logged."""
    storage: Storage = document.file.storage
    directory = _directory(document.instance_id, document.pk)
    try:
        if len(_names(storage, directory)) >= MAX_PICTURES:
            delete_pictures(storage, document.instance_id, document.pk)
        storage.save(f"{directory}/{name}", ContentFile(picture))
    except OSError as error:
        logger.warning("a picture of document %s was not kept: %s", document.pk, error)


def delete_pictures(storage: Storage, instance_id: int, document_id: UUID) -> None:
    """Delete the pictures of a document, if there are any."""
    directory = _directory(instance_id, document_id)
    for name in _names(storage, directory):
        storage.delete(f"{directory}/{name}")
    storage.delete(directory)


def _directory(instance_id: int, document_id: UUID) -> str:
    return f"{instance_id}/{FOLDER}/{document_id}"


def _names(storage: Storage, directory: str) -> list[str]:
    try:
        return list(storage.listdir(directory)[1])
    except FileNotFoundError:
        return []


def _is_whole(picture: bytes) -> bool:
    length = int.from_bytes(picture[4:_HEADER_BYTES], "little")
    return picture[:4] == b"RIFF" and len(picture) == _HEADER_BYTES + length
