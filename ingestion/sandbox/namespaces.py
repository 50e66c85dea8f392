"""Namespaces of the zygote's own: other processes, the network and System V IPC do not exist there.

They are made once and serve every child. The zygote is the first process of its process
namespace: when it ends, the kernel kills whatever a child may have left.
"""

import os
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ingestion.sandbox import kernel
from ingestion.sandbox.protections import Protection

_NAMESPACES = (
    kernel.CLONE_NEWPID
    | kernel.CLONE_NEWNET
    | kernel.CLONE_NEWIPC
    | kernel.CLONE_NEWNS
    | kernel.CLONE_NEWUTS
)


@dataclass(frozen=True, slots=True)
class Isolation:
    """What the zygote prepared for its children: `root` is the descriptor of an empty directory
    (None: there is none), `missing` what the kernel refused."""

    root: int | None
    missing: frozenset[Protection]


def isolate(*inherited: int) -> Isolation:
    """Move this process, which has one thread, to namespaces of its own where the kernel permits.

    The caller goes on in a new process; the old one closes the descriptors `inherited`, waits for
    the new one and ends as it does.
    """
    missing: set[Protection] = set()
    root = _empty_directory()
    try:
        # Root keeps its users, to become another one in the child; anyone else gets a new set.
        kernel.unshare(_NAMESPACES | (0 if os.geteuid() == 0 else kernel.CLONE_NEWUSER))
    except OSError:
        missing.add(Protection.NAMESPACES)
        if os.geteuid() != 0:
            missing.add(Protection.USER)
    else:
        _become_first_process(inherited)
    return Isolation(root, frozenset(missing))


def _become_first_process(inherited: tuple[int, ...]) -> None:
    first = os.fork()
    if first == 0:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, int(signal.SIGKILL))
        return
    for descriptor in inherited:
        os.close(descriptor)
    _, status = os.waitpid(first, 0)
    sys.exit(0 if status == 0 else 1)


def _empty_directory() -> int | None:
    """Return a directory that is open, removed from the file system, and so empty for ever."""
    try:
        path = Path(tempfile.mkdtemp(prefix="ragapp-empty-"))
    except OSError:
        return None
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    finally:
        path.rmdir()
