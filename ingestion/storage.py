"""Stored files, read and written through Django's storage API only.

No code calls ``file.path``, so that any storage can be used, also one without paths: the directory
of this module, or a bucket (``ingestion.storing.object_storage``).
"""

import errno
import os
import shutil
import stat
import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock, Timer
from typing import IO

from django.core.files import File
from django.core.files.storage import FileSystemStorage
from django.db.models.fields.files import FieldFile

from ingestion.errors import CorruptDocument, FilesUnavailable

# How long the copy of a file in a bucket is kept for the next reader, and of how many and how much.
_KEPT_S = 60.0
_MAX_COPIES = 8
_MAX_COPIED_BYTES = 1 << 30


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


@contextmanager
def opened_nearby(file: FieldFile) -> Iterator[IO[bytes]]:
    """Open a document's file as ``opened`` does, for pages that are read one after the other.

    Each is read from the whole file, so that of a bucket a copy is kept for a minute.
    """
    is_near = isinstance(file.storage, FileSystemStorage)
    with opened(file) if is_near else COPIES.opened(file) as content:
        yield content


class _Copies:
    """Copies of files on the disk of this process, without names; the last used is the last.

    One is read at a time, as its position is shared.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._copies: OrderedDict[str, IO[bytes]] = OrderedDict()
        self._timer: Timer | None = None

    @contextmanager
    def opened(self, file: FieldFile) -> Iterator[IO[bytes]]:
        """Open the copy of a file, which is fetched if there is none."""
        name = str(file.name)
        with self._lock:
            if name not in self._copies:
                self._copies[name] = _fetched(file)
            self._copies.move_to_end(name)
            self._close_oldest()
            try:
                yield self._copies[name]
            finally:
                self._close_later()

    def close(self) -> None:
        """Close all copies."""
        with self._lock:
            while self._copies:
                self._copies.popitem()[1].close()

    def _close_oldest(self) -> None:
        sizes = [os.fstat(copy.fileno()).st_size for copy in self._copies.values()]
        while len(sizes) > 1 and (len(sizes) > _MAX_COPIES or sum(sizes) > _MAX_COPIED_BYTES):
            self._copies.popitem(last=False)[1].close()
            del sizes[0]

    def _close_later(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = Timer(_KEPT_S, self.close)
        self._timer.daemon = True
        self._timer.start()


COPIES = _Copies()


def _fetched(file: FieldFile) -> IO[bytes]:
    """Return a copy that can only be read, as the sandbox passes it on."""
    with opened(file) as content, tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(content, copy)
        copy.flush()
        return Path(f"/proc/self/fd/{copy.fileno()}").open("rb")


def _open_regular_file(path: str, flags: int) -> int:
    # Without O_NONBLOCK, opening a pipe would wait for a writer.
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, mode=0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file", path)
    return descriptor
