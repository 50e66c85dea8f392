"""Makes a backup: files, the database, files again, so that every row has its file.

A file is written before its row is committed and deleted after it. So each file that a row of the
dump names is there before the dump, when the first pass reads it, or came during that pass, and
the second pass reads it. What is deleted at that very moment is told by ``verifybackup``.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils.crypto import salted_hmac

from ragapp.backup import dumps
from ragapp.backup.repository import Manifest, Repository, StoredFile
from ragapp.backup.sealing import Copied, copy_in, read_recipients
from ragapp.backup.stored_files import FoundFile, found_files

DUMP = "database.dump"
_INDEX = "backup-index.json"


@dataclass(frozen=True, slots=True)
class Created:
    """A backup that was made: its folder, its files, and those whose content was new."""

    snapshot: Path
    n_files: int
    n_new: int
    new_bytes: int
    has_secrets: bool


@dataclass
class _Copying:
    """Copies files into a repository, each content once."""

    repository: Repository
    recipients: Sequence[Any]
    # By name: the state in which it was last read, its size and its SHA-256.
    index: dict[str, tuple[str, int, str]]
    files: dict[str, StoredFile] = field(default_factory=dict)
    n_new: int = 0
    new_bytes: int = 0

    def copy_new(self) -> None:
        """Copy the files of the storage that were not copied yet, or have changed since."""
        for found in found_files():
            known = self.index.get(found.name)
            if known is not None and known[0] == found.state:
                stored = self._stored(found.name, Copied(known[1], known[2]))
                if self.repository.object_path(stored.object).exists():
                    self.files[found.name] = stored
                    continue
            self._copy(found)

    def keep(self, name: str, source: IO[bytes]) -> StoredFile:
        """Copy one file."""
        with self.repository.draft_of_object() as draft:
            stored = self._stored(name, copy_in(source, draft, self.recipients))
            if not self.repository.object_path(stored.object).exists():
                self.repository.keep_object(draft, stored.object)
                self.n_new += 1
                self.new_bytes += stored.size
        return stored

    def keep_secrets(self) -> list[StoredFile]:
        """Copy the keys of the site, without which parts of its database cannot be read."""
        kept = []
        for path in _secrets():
            with path.open("rb") as source:
                kept.append(self.keep(path.name, source))
        return kept

    def _copy(self, found: FoundFile) -> None:
        try:
            source = default_storage.open(found.name)
        except FileNotFoundError:
            return  # Deleted meanwhile.
        with source:
            stored = self.keep(found.name, source)
        self.files[found.name] = stored
        self.index[found.name] = (found.state, stored.size, stored.sha256)

    def _stored(self, name: str, copied: Copied) -> StoredFile:
        # Keyed, so that a reader of names cannot tell which known files there are; another key of
        # encryption needs other objects.
        value = "\n".join([copied.sha256, *map(str, self.recipients)])
        digest = salted_hmac("ragapp.backup", value, algorithm="sha256").hexdigest()
        return StoredFile(name, copied.size, copied.sha256, digest)


def create_backup(
    root: Path, *, recipients: Sequence[str] = (), keep: int | None = None
) -> Created:
    """Make a backup in the directory ``root``; ``keep`` deletes all but so many snapshots.

    Raises BackupFailed, OSError or StorageUnavailable; earlier backups stay as they are.
    """
    repository, keys = Repository(root), read_recipients(recipients)
    with repository.locked(), repository.draft_of_snapshot() as draft:
        copying = _Copying(repository, keys, _read_index())
        copying.copy_new()
        dumped: list[Copied] = []
        tables = dumps.dump(lambda source: dumped.append(copy_in(source, draft / DUMP, keys)))
        copying.copy_new()
        secrets = copying.keep_secrets() if keys else []
        manifest = Manifest(
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            dump_sha256=dumped[0].sha256,
            tables=tables,
            files=sorted(copying.files.values(), key=lambda file: file.name),
            secrets=secrets,
        )
        snapshot = repository.keep_snapshot(draft, manifest, keys)
        _write_index({name: copying.index[name] for name in copying.files})
        if keep is not None:
            repository.prune(keep)
    return Created(
        snapshot, len(manifest.files), copying.n_new, copying.new_bytes, bool(manifest.secrets)
    )


def _secrets() -> Iterator[Path]:
    """Yield the files of generated keys."""
    for path in (settings.DATA_DIR / "secrets.json", *sorted(settings.SAML_KEYS_DIR.glob("*"))):
        if path.is_file():
            yield path


def _read_index() -> dict[str, tuple[str, int, str]]:
    try:
        read = json.loads((settings.DATA_DIR / _INDEX).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return {name: (state, size, sha256) for name, (state, size, sha256) in read.items()}


def _write_index(index: dict[str, tuple[str, int, str]]) -> None:
    path = settings.DATA_DIR / _INDEX
    draft = path.with_suffix(".partial")
    draft.write_text(json.dumps(index))
    draft.replace(path)
