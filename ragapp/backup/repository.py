"""The directory of backups: contents of files, each once, and snapshots that refer to them.

    objects/ab/abcd…                  the content of a file, named by a keyed hash of it
    snapshots/20261130T210000Z/       manifest, database.dump, objects.txt (names, for pruning)
    lock

A snapshot gets its name when all of it, and every object that it names, is on disk. So a backup
that was killed leaves the earlier ones as they are, and its objects are found by the next one.
"""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from ragapp.backup.errors import BackupFailed, Damaged
from ragapp.backup.sealing import copy_in, copy_out

FORMAT = 1
_PARTIAL = ".partial"
_MANIFEST, _ENCRYPTED_MANIFEST = "manifest.json", "manifest.json.age"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a snapshot: its name in the storage, its content, the object that holds it."""

    name: str
    size: int
    sha256: str
    object: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot holds. ``tables`` are rows by table, when the database was dumped.

    ``secrets`` are keys of the site, in encrypted backups only.
    """

    created_at: str
    dump_sha256: str
    tables: dict[str, int]
    files: list[StoredFile]
    secrets: list[StoredFile]
    format: int = FORMAT

    @classmethod
    def from_json(cls, text: bytes) -> "Manifest":
        """Read a manifest. Raises BackupFailed for one of another format."""
        read = json.loads(text)
        if read["format"] != FORMAT:
            raise BackupFailed(f"The backup has format {read['format']}, this release {FORMAT}.")
        for kind in ("files", "secrets"):
            read[kind] = [StoredFile(**each) for each in read[kind]]
        return cls(**read)


class Repository:
    """A directory of backups."""

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().absolute()
        self._objects, self._snapshots = self.root / "objects", self.root / "snapshots"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Create what is missing, and keep other backups away during a ``with`` block."""
        for folder in (self.root, self._objects, self._snapshots):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise BackupFailed(f"Another backup to {self.root} is under way.") from error
        finally:
            os.close(descriptor)

    def object_path(self, name: str) -> Path:
        """Return where the object ``name`` is, or would be."""
        return self._objects / name[:2] / name

    @contextmanager
    def draft_of_object(self) -> Iterator[Path]:
        """Yield the path of a new file, which is deleted unless it is moved."""
        descriptor, name = tempfile.mkstemp(prefix=_PARTIAL, dir=self._objects)
        os.close(descriptor)
        draft = Path(name)
        try:
            yield draft
        finally:
            draft.unlink(missing_ok=True)

    def keep_object(self, draft: Path, name: str) -> None:
        """Move a draft to its place."""
        path = self.object_path(name)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        draft.replace(path)

    @contextmanager
    def draft_of_snapshot(self) -> Iterator[Path]:
        """Yield an empty folder, and remove what killed backups have left."""
        for leftover in self._objects.glob(f"{_PARTIAL}*"):
            leftover.unlink()
        for leftover in self._snapshots.glob(f"{_PARTIAL}*"):
            shutil.rmtree(leftover)
        draft = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=self._snapshots))
        try:
            yield draft
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def keep_snapshot(self, draft: Path, manifest: Manifest, recipients: Sequence[Any]) -> Path:
        """Write the manifest and, once all is on disk, give the snapshot its name."""
        text = json.dumps(asdict(manifest)).encode()
        name = _ENCRYPTED_MANIFEST if recipients else _MANIFEST
        copy_in(BytesIO(text), draft / name, recipients)
        objects = sorted({each.object for each in (*manifest.files, *manifest.secrets)})
        (draft / "objects.txt").write_text("".join(f"{each}\n" for each in objects))
        os.sync()
        path = self._snapshots / f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
        draft.rename(path)
        os.sync()
        return path

    def snapshots(self) -> list[Path]:
        """Return the complete snapshots, the oldest first."""
        found = self._snapshots.glob("[0-9]*Z") if self._snapshots.exists() else []
        return sorted(found)

    def newest(self) -> Path:
        """Return the newest snapshot. Raises BackupFailed without one."""
        if not (found := self.snapshots()):
            raise BackupFailed(f"{self.root} holds no complete backup.")
        return found[-1]

    def prune(self, keep: int) -> int:
        """Delete all but the ``keep`` newest snapshots, and objects of none; return how many."""
        found = self.snapshots()
        old = found[:-keep]
        for snapshot in old:
            gone = snapshot.rename(snapshot.with_name(f"{_PARTIAL}{snapshot.name}"))
            shutil.rmtree(gone)
        used = {
            name
            for snapshot in found[-keep:]
            for name in (snapshot / "objects.txt").read_text().split()
        }
        for path in self._objects.glob("??/*"):
            if path.name not in used:
                path.unlink()
        return len(old)


def read_manifest(snapshot: Path, identities: Sequence[Any]) -> Manifest:
    """Return the manifest of a snapshot. Raises BackupFailed."""
    is_encrypted = (snapshot / _ENCRYPTED_MANIFEST).exists()
    if is_encrypted and not identities:
        raise BackupFailed("The backup is encrypted: give its secret key with --identity FILE.")
    text = BytesIO()
    name = _ENCRYPTED_MANIFEST if is_encrypted else _MANIFEST
    copy_out(snapshot / name, text, identities if is_encrypted else (), part="manifest")
    try:
        return Manifest.from_json(text.getvalue())
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged("manifest", f"{snapshot / name} is no manifest") from error
