"""Stored files, read and written through Django's storage API only.

No code calls ``file.path``, so that any storage can be used, also one without paths: the directory
of this module, or a bucket (``ingestion.object_storage``).
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from django.core.files import File
from django.core.files.storage import FileSystemStorage
from django.db.models.fields.files import FieldFile

from ingestion.errors import CorruptDocument, FilesUnavailable


class StorageUnavailable(OSError):
    """The server that holds the files does not answer, or refuses; a later try may succeed."""


class RegularFileStorage(FileSystemStorage):
    """A directory in which only regular files are opened: no symbolic link, pipe or device."""

    def _open(self, name: str, mode: str = "rb") -> File:
        return File(open(self.path(name), mode, opener=_open_regular_file))


@contextmanager
def opened(file: FieldFile) -> Iterator[IO[bytes]]:
    """Open a document's file for reading.

    Raises CorruptDocument if that is impossible, FilesUnavailable if it is now.
    """
    try:
        content = file.storage.open(str(file.name), "rb")
    except StorageUnavailable as error:
        raise FilesUnavailable(str(error)) from error
    except OSError as error:
        raise CorruptDocument(f"the file cannot be opened: {error}") from error
    with content:
        yield content


def _open_regular_file(path: str, flags: int) -> int:
    # Without O_NONBLOCK, opening a pipe would wait for a writer.
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, mode=0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file", path)
    return descriptor
