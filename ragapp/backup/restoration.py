"""Restores and verifies backups; nothing is restored before all of it has been read."""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage

from ragapp.backup import dumps
from ragapp.backup.creation import DUMP
from ragapp.backup.errors import BackupFailed, Damaged
from ragapp.backup.repository import Manifest, Repository, StoredFile, read_manifest
from ragapp.backup.sealing import copy_out, read_identities
from ragapp.backup.stored_files import is_storage_empty

RESTORED_SECRETS = "restored-secrets"


@dataclass(frozen=True)
class Backup:
    """A snapshot that can be read."""

    repository: Repository
    snapshot: Path
    manifest: Manifest
    identities: Sequence[Any]

    def write_file(self, file: StoredFile, target: IO[bytes]) -> None:
        """Write the content of a file. Raises Damaged with its name."""
        path = self.repository.object_path(file.object)
        copied = copy_out(path, target, self.identities, part=file.name)
        if copied.sha256 != file.sha256:
            raise Damaged(file.name, f"{path} is not what was stored")

    def write_dump(self, target: IO[bytes]) -> None:
        """Write the dump of the database. Raises Damaged."""
        path = self.snapshot / DUMP
        copied = copy_out(path, target, self.identities, part=DUMP)
        if copied.sha256 != self.manifest.dump_sha256:
            raise Damaged(DUMP, f"{path} is not what was stored")

    def damages(self) -> Iterator[str]:
        """Read everything, and yield what is damaged."""
        parts: list[Callable[[IO[bytes]], None]] = [self.write_dump]
        parts += [_writer(self, file) for file in (*self.manifest.files, *self.manifest.secrets)]
        with Path(os.devnull).open("wb") as nowhere:
            for write in parts:
                try:
                    write(nowhere)
                except Damaged as error:
                    yield str(error)


def open_backup(root: Path, *, snapshot: str = "", identity: Path | None = None) -> Backup:
    """Open the newest backup in a directory, or that of a name. Raises BackupFailed."""
    repository, identities = Repository(root), read_identities(identity)
    if snapshot and snapshot not in {path.name for path in repository.snapshots()}:
        known = ", ".join(path.name for path in repository.snapshots()) or "none"
        raise BackupFailed(f"There is no backup {snapshot}; there are: {known}.")
    path = repository.root / "snapshots" / snapshot if snapshot else repository.newest()
    manifest = read_manifest(path, identities)
    is_encrypted = (path / "manifest.json.age").exists()
    return Backup(repository, path, manifest, identities if is_encrypted else ())


def restore_backup(backup: Backup) -> None:
    """Restore into this site, which must be empty. Raises BackupFailed."""
    if not dumps.is_empty() or not is_storage_empty():
        raise BackupFailed(
            "This site has accounts, instances or files: restore into an empty one, with another"
            " --data-dir, or another database and storage."
        )
    _raise_if_damaged(backup)
    for file in backup.manifest.files:
        with tempfile.TemporaryFile() as content:
            backup.write_file(file, content)
            content.seek(0)
            name = default_storage.save(file.name, File(content))
        if name != file.name:
            raise BackupFailed(f"{file.name} is in the storage already: empty it, and try again.")
    _restore_secrets(backup)
    dumps.restore(backup.write_dump)


def verify_backup(backup: Backup) -> list[str]:
    """Restore into a scratch database and compare; return what is wrong, in sentences."""
    if problems := list(backup.damages()):
        return problems
    with dumps.scratch_database() as name:
        dumps.restore(backup.write_dump, database=name)
        with dumps.connected_to(name) as connection:
            found = dumps.count_rows(connection)
            stored = {path for (path,) in connection.execute("SELECT file FROM ingestion_document")}
    expected = backup.manifest.tables
    for table in sorted(expected.keys() | found.keys()):
        if expected.get(table) != found.get(table):
            problems.append(
                f"{table}: {found.get(table)} rows restored, {expected.get(table)} were dumped"
            )
    missing = stored - {file.name for file in backup.manifest.files}
    problems += [f"{name}: a document without its file" for name in sorted(missing)]
    return problems


def _restore_secrets(backup: Backup) -> None:
    """Put keys of the site beside its own ones, for an operator to choose."""
    folder = settings.DATA_DIR / RESTORED_SECRETS
    for file in backup.manifest.secrets:
        folder.mkdir(exist_ok=True, mode=0o700)
        path = folder / file.name
        path.touch(mode=0o600)
        with path.open("wb") as target:
            backup.write_file(file, target)


def _raise_if_damaged(backup: Backup) -> None:
    if first := next(backup.damages(), None):
        raise BackupFailed(f"The backup is damaged, and nothing was restored. {first}")


def _writer(backup: Backup, file: StoredFile) -> Callable[[IO[bytes]], None]:
    return lambda target: backup.write_file(file, target)
