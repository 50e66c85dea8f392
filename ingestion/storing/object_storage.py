"""Stored files in a bucket of an S3-compatible server, instead of a directory.

Workers on several machines then need no shared disk. The errors of the server are OSErrors, as
those of a directory are; one that a later try may not meet is ``StorageUnavailable``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import IO, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files import File
from storages.backends.s3 import S3Storage

from ingestion.storage import StorageUnavailable

_NOT_FOUND = frozenset({"404", "NoSuchKey", "NotFound"})
_CLIENT = Config(
    connect_timeout=5,
    read_timeout=60,
    retries={"mode": "standard", "total_max_attempts": 3},
    s3={"addressing_style": "path"},
    signature_version="s3v4",
)


class ObjectStorage(S3Storage):
    """A bucket; names are those of the directory, under ``location``."""

    def get_default_settings(self) -> dict[str, Any]:
        """Return the options that do not depend on the site."""
        # Names are ids, so that no file is written in the place of another.
        defaults: dict[str, Any] = super().get_default_settings()
        return defaults | {
            "client_config": _CLIENT,
            "default_acl": None,
            "file_overwrite": True,
            "max_memory_size": 1 << 20,
        }

    def open_at(self, name: str, start: int) -> IO[bytes]:
        """Open a file to read it from a position on, without what comes before."""
        with _translated(name):
            found = self.bucket.Object(self._key(name)).get(Range=f"bytes={start}-")
            body: IO[bytes] = found["Body"]
            return body

    def delete(self, name: str) -> None:
        with _translated(name):
            super().delete(name)

    def exists(self, name: str) -> bool:
        with _translated(name):
            return bool(super().exists(name))

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with _translated(path):
            directories, names = super().listdir(path)
        return directories, names

    def size(self, name: str) -> int:
        with _translated(name):
            return int(super().size(name))

    def get_modified_time(self, name: str) -> datetime:
        with _translated(name):
            modified: datetime = super().get_modified_time(name)
        return modified

    def stored_objects(self) -> Iterator[tuple[str, str]]:
        """Yield the name of each file, and a state that changes when it is written anew."""
        prefix = f"{self.location.strip('/')}/" if self.location else ""
        with _translated(prefix):
            for each in self.bucket.objects.filter(Prefix=prefix):
                state = f"{each.size} {each.e_tag} {each.last_modified.isoformat()}"
                yield each.key.removeprefix(prefix), state

    def _open(self, name: str, mode: str = "rb") -> File:
        with _translated(name):
            opened: File = super()._open(name, mode)
            # Read whole, to a temporary file, which parsers need.
            opened.seek(0)
        return opened

    def _save(self, name: str, content: Any) -> str:
        with _translated(name):
            return str(super()._save(name, content))

    def _key(self, name: str) -> str:
        return str(self._normalize_name(name))


@contextmanager
def _translated(name: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _NOT_FOUND:
            raise FileNotFoundError(name) from error
        raise StorageUnavailable(f"{name}: {error}") from error
    except BotoCoreError as error:
        raise StorageUnavailable(f"{name}: {error}") from error
