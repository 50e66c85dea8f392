"""Landlock: deny this process access to all files (landlock(7), Linux 5.13 and later)."""

import ctypes
import os

from ingestion.sandbox import kernel

_CREATE_RULESET, _RESTRICT_SELF = 444, 446  # the same numbers on every architecture
_VERSION_FLAG = 1
# The highest bit of the access rights on files in each version of the interface.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_TCP_RIGHTS = 0b11  # bind, connect; from version 4
_SCOPES = 0b11  # abstract Unix sockets and signals of processes outside; from version 6


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


def version() -> int:
    """Return the version of the kernel's Landlock interface, 0 if it has none."""
    try:
        return kernel.system_call(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)
    except OSError:
        return 0


def deny_everything() -> None:
    """Permanently deny this process access to files, TCP and other processes.

    Older kernels deny only part of that. Open descriptors remain usable. Needs `no_new_privs`.
    Raises OSError if Landlock is missing or disabled.
    """
    found = version()
    rules = _Ruleset(
        handled_access_fs=(1 << _FILE_RIGHTS.get(found, max(_FILE_RIGHTS.values()))) - 1,
        handled_access_net=_TCP_RIGHTS if found >= 4 else 0,
        scoped=_SCOPES if found >= 6 else 0,
    )
    size = 8 if found < 4 else 16 if found < 6 else 24
    descriptor = kernel.system_call(_CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), 0)
    try:
        kernel.system_call(_RESTRICT_SELF, descriptor, 0)
    finally:
        os.close(descriptor)
