"""The pieces of uploads in the storage: ``<instance>/uploads/<upload>/<offset>-<random>``.

Two requests that send the same bytes at once write two files, of which one is kept.
"""

import errno
import hashlib
from contextlib import suppress
from io import BytesIO
from secrets import token_hex
from typing import IO, Any
from uuid import UUID

from django.core.files import File
from django.core.files.storage import FileSystemStorage, default_storage

from ingestion.errors import FilesUnavailable
from ingestion.resumable.refusals import storage_full
from ingestion.storage import StorageUnavailable

FOLDER = "uploads"
_BLOCK_BYTES = 1 << 20
_FULL = (errno.ENOSPC, errno.EDQUOT)


def piece_start(name: str) -> int:
    """Return the offset at which a piece begins."""
    return int(name.partition("-")[0])


def save_piece(instance_id: int, upload_id: UUID, start: int, content: bytes | bytearray) -> str:
    """Store a piece and return its name.

    Raises UploadRefused if the storage is full, FilesUnavailable if its server does not answer.
    """
    name = f"{start}-{token_hex(8)}"
    path = f"{_directory(instance_id, upload_id)}/{name}"
    try:
        default_storage.save(path, File(BytesIO(content)))
    except StorageUnavailable as error:
        raise FilesUnavailable(str(error)) from error
    except OSError as error:
        with suppress(OSError):
            default_storage.delete(path)
        if error.errno in _FULL:
            raise storage_full() from error
        raise FilesUnavailable(str(error)) from error
    return name


def read_piece(instance_id: int, upload_id: UUID, name: str) -> bytes:
    """Return the bytes of a piece."""
    with default_storage.open(f"{_directory(instance_id, upload_id)}/{name}") as content:
        data: bytes = content.read()
    return data


def join_pieces(instance_id: int, upload_id: UUID, names: list[str], target: IO[bytes]) -> str:
    """Write the pieces to ``target``, one after another; return the SHA-256 of the whole.

    Raises FilesUnavailable, or UploadRefused if the disk is full.
    """
    digest = hashlib.sha256()
    try:
        for name in names:
            path = f"{_directory(instance_id, upload_id)}/{name}"
            with default_storage.open(path) as content:
                while block := content.read(_BLOCK_BYTES):
                    digest.update(block)
                    target.write(block)
        target.flush()
    except OSError as error:
        if error.errno in _FULL:
            raise storage_full() from error
        raise FilesUnavailable(str(error)) from error
    return digest.hexdigest()


def local_directory(instance_id: int, upload_id: UUID) -> str | None:
    """Return the path of the directory of an upload's pieces; None if they are in a bucket."""
    storage: Any = default_storage
    if not isinstance(getattr(storage, "_wrapped", None), FileSystemStorage):
        return None
    return str(storage.path(_directory(instance_id, upload_id)))


def delete_pieces(instance_id: int, upload_id: UUID, names: list[str]) -> None:
    """Delete pieces that do not count; those that remain after an error go with the upload."""
    for name in names:
        with suppress(OSError):
            default_storage.delete(f"{_directory(instance_id, upload_id)}/{name}")


def delete_all_pieces(instance_id: int, upload_id: UUID) -> None:
    """Delete all pieces of an upload, also those that never counted."""
    directory = _directory(instance_id, upload_id)
    with suppress(OSError):
        for name in default_storage.listdir(directory)[1]:
            default_storage.delete(f"{directory}/{name}")
        default_storage.delete(directory)


def uploads_with_pieces(instance_id: int) -> set[UUID]:
    """Return the ids of the uploads that have pieces in the storage."""
    try:
        names = default_storage.listdir(f"{instance_id}/{FOLDER}")[0]
    except FileNotFoundError:
        return set()
    found = set()
    for name in names:
        with suppress(ValueError):
            found.add(UUID(name))
    return found


def _directory(instance_id: int, upload_id: UUID) -> str:
    return f"{instance_id}/{FOLDER}/{upload_id}"
