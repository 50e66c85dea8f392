"""The data directory: its paths, its version, and its lock.

VERSION       layout version: any other than ours is refused
lock          held by ./run, or by ./manage while it has the database up by itself
secrets.json  generated keys and passwords, mode 0600
ports.json    loopback ports, remembered from one start to the next
postgres/  valkey/  models/  files/  static/  log/  run/ (sockets)
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from launcher.errors import LauncherError

# Increased when data directories of the former version cannot be used. Version 2 has the migrations
# that were rewritten before the first release.
LAYOUT_VERSION = 2
MIN_FREE_BYTES = 200 << 20
# A Unix socket's path may take 107 bytes; ours end in "/.s.PGSQL.5432.lock" at the longest.
MAX_SOCKET_DIR_BYTES = 107 - len("/.s.PGSQL.5432.lock")


@dataclass(frozen=True)
class DataDir:
    """Paths inside one data directory (``root`` is absolute)."""

    root: Path

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def valkey(self) -> Path:
        return self.root / "valkey"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def setup_log(self) -> Path:
        """The output of the tools of set-up."""
        return self.log / "setup.log"

    @property
    def first_credentials(self) -> Path:
        """The credentials of the first administrator, from their creation until they are shown."""
        return self.root / "first-administrator.json"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets.json"

    @property
    def ports(self) -> Path:
        return self.root / "ports.json"

    @property
    def sockets(self) -> Path:
        """The directory of the Unix sockets; outside this one when its path is too long."""
        inside = self.root / "run"
        if len(os.fsencode(inside)) <= MAX_SOCKET_DIR_BYTES:
            return inside
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        return Path("/tmp") / f"ragapp-{os.getuid()}-{digest}"  # noqa: S108 (checked: ours, 0700)


def open_data_dir(path: Path) -> DataDir:
    """Create what is missing of the data directory at ``path`` and check that it can be used.

    Raises LauncherError when it is of another version, not writable, or on a full disk.
    """
    data = DataDir(path.expanduser().resolve())
    try:
        if not data.root.exists():
            data.root.mkdir(parents=True)
            # PostgreSQL, started by root, runs as a user who must pass through this directory.
            data.root.chmod(0o711 if os.getuid() == 0 else 0o700)
        _check_version(data)
        data.log.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise LauncherError(_explain(data.root, error)) from error
    check_free_space(data.root, MIN_FREE_BYTES)
    return data


def check_free_space(path: Path, needed_bytes: int) -> None:
    """Raise LauncherError unless ``needed_bytes`` are free on the file system of ``path``."""
    free = shutil.disk_usage(path).free
    if free < needed_bytes:
        raise LauncherError(
            f"The disk is full: {free >> 20} MB free in {path}, {needed_bytes >> 20} MB needed. "
            "Free some space, or choose another place with --data-dir."
        )


def make_private_dir(path: Path, *, uid: int, gid: int) -> None:
    """Create ``path`` (mode 0700) for ``uid``; refuse one that belongs to another user."""
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700, parents=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.getuid(), uid):
        raise LauncherError(f"{path} belongs to someone else: remove it and start again.")
    if (found.st_uid, found.st_gid) != (uid, gid) and os.getuid() == 0:
        os.chown(path, uid, gid)
    path.chmod(0o700)


def _check_version(data: DataDir) -> None:
    version_file = data.root / "VERSION"
    if not version_file.exists():
        version_file.write_text(f"{LAYOUT_VERSION}\n")
        return
    found = version_file.read_text().strip()
    if not found.isdigit() or int(found) > LAYOUT_VERSION:
        raise LauncherError(
            f"{data.root} was written by a newer version of ragapp (layout {found}, this one knows "
            f"{LAYOUT_VERSION}). Update ragapp (git pull), or choose another --data-dir."
        )
    if int(found) < LAYOUT_VERSION:
        raise LauncherError(
            f"{data.root} was written before the first release of ragapp (layout {found}, this one "
            f"needs {LAYOUT_VERSION}) and cannot be upgraded: choose another --data-dir."
        )


def _explain(path: Path, error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return f"The disk is full: nothing can be written in {path}. Free some space."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path} cannot be written: change its owner, or choose another --data-dir."
    return f"{path} cannot be used as data directory: {error.strerror}."


@contextlib.contextmanager
def locked(data: DataDir, holder: str, *, wait_for: str = "") -> Iterator[bool]:
    """Hold the data directory as ``holder`` ("run" or "manage").

    Yields True when held. When another program holds it: waits if that is a ``wait_for``; yields
    False if ``wait_for`` is given but the holder is something else; raises LauncherError otherwise.
    """
    descriptor = os.open(data.root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        held = _acquire(descriptor, data, wait_for)
        if held:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{holder} {os.getpid()}".encode(), 0)
        yield held
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, data: DataDir, wait_for: str) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        name, _, pid = os.pread(descriptor, 64, 0).decode().partition(" ")
        if not wait_for:
            raise LauncherError(
                f"{data.root} is in use by ./{name or 'run'} (process {pid or 'unknown'}): stop it "
                "first, or choose another --data-dir."
            ) from None
        if name != wait_for:
            return False
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    return True
