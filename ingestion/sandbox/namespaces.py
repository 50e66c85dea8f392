"""Namespaces of the zygote, which hide other processes, the network and System V IPC.

They are created once, for all children. The zygote is the first process of its PID namespace: when
it ends, the kernel kills all processes that a child may have left.
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
    """What the zygote prepared for its children.

    `root` is the descriptor of an empty directory, or None; `missing` lists the protections that
    the kernel refused.
    """

    root: int | None
    missing: frozenset[Protection]


def isolate(*inherited: int) -> Isolation:
    """Move this process to namespaces of its own, as far as the kernel permits.

    The process must have one thread. The caller continues in a new process; the old one closes the
    descriptors `inherited`, waits for the new one and exits with its exit code.
    """
    missing: set[Protection] = set()
    root = _empty_directory()
    try:
        # Root needs no user namespace: the child switches to another user. Other users need one.
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
    """Return an open directory that is removed from the file system, so it stays empty."""
    try:
        path = Path(tempfile.mkdtemp(prefix="ragapp-empty-"))
    except OSError:
        return None
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    finally:
        path.rmdir()
