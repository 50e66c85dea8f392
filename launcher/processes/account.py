"""The account of PostgreSQL, which refuses to run as root.

Started by an ordinary user, everything runs as that user. Started by root, an existing database
keeps its owner; a new one belongs to the system account ``ragapp``, created if possible, otherwise
to ``nobody``. When that account cannot reach its own files (a checkout in /root), it keeps the one
capability that passes through directories (capabilities(7)).
"""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from launcher.errors import LauncherError

_PR_SET_PDEATHSIG, _PR_SET_KEEPCAPS, _PR_CAPBSET_READ, _PR_CAP_AMBIENT = 1, 8, 23, 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2
_CAPABILITY_VERSION_3 = 0x20080522
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Account:
    """The user of a child process; ``capability`` is kept when the process changes to it."""

    uid: int
    gid: int
    capability: int | None = None

    @property
    def is_ours(self) -> bool:
        return self.uid == os.getuid()


def our_account() -> Account:
    """Return the user who runs the launcher."""
    return Account(os.getuid(), os.getgid())


def database_account(database_dir: Path, must_reach: list[Path]) -> Account:
    """Return the account for PostgreSQL, which can reach every path of ``must_reach``.

    Raises LauncherError when no account can.
    """
    if os.getuid() != 0:
        return our_account()
    uid, gid = _owner(database_dir) or _service_account()
    if all(_can_reach(path, uid, gid) for path in must_reach):
        return Account(uid, gid)
    for capability in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE):
        if _libc.prctl(_PR_CAPBSET_READ, capability, 0, 0, 0) == 1:
            return Account(uid, gid, capability)
    raise LauncherError(
        "PostgreSQL does not run as root, and no other user can reach "
        f"{' and '.join(str(path) for path in must_reach)}: run as an ordinary user."
    )


def child_setup(account: Account, death_signal: signal.Signals) -> Callable[[], None]:
    """Return what a child does between fork and exec: change to ``account``, end with its parent.

    The kernel sends ``death_signal`` when the launcher ends, also by SIGKILL.
    """
    parent = os.getpid()

    def setup() -> None:
        if not account.is_ours:
            _become(account)
        # After the change of user, which would clear it.
        _libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return setup


def _owner(directory: Path) -> tuple[int, int] | None:
    if not directory.exists():
        return None
    found = directory.stat()
    return (found.st_uid, found.st_gid) if found.st_uid != 0 else None


def _service_account() -> tuple[int, int]:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    for create in (False, True):
        if create and useradd:
            options = ["--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
            subprocess.run([useradd, *options, "ragapp"], capture_output=True, check=False)
        try:
            entry = pwd.getpwnam("ragapp")
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid


def _can_reach(path: Path, uid: int, gid: int) -> bool:
    for directory in (path, *path.parents):
        if not directory.exists():
            continue
        found = directory.stat()
        shift = 6 if found.st_uid == uid else 3 if found.st_gid == gid else 0
        if not (found.st_mode >> shift) & 1:
            return False
    return True


def _become(account: Account) -> None:
    if account.capability is not None:
        _libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(account.gid, account.gid, account.gid)
    os.setresuid(account.uid, account.uid, account.uid)
    if account.capability is not None:
        _keep_only(account.capability)


def _keep_only(capability: int) -> None:
    bit = 1 << capability
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    # Twice (effective, permitted, inheritable): the low and the high 32 capabilities.
    sets = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    if _libc.capset(header, sets) != 0:
        os._exit(1)
    if _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0) != 0:
        os._exit(1)
