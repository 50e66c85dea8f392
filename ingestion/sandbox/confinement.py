"""Confine a child before it reads an untrusted file, in the order that the kernel requires."""

import contextlib
import os
import resource
import signal
from collections.abc import Callable
from functools import partial

from ingestion.sandbox import kernel, landlock, seccomp
from ingestion.sandbox.namespaces import Isolation
from ingestion.sandbox.protections import Protection

# Debian reserves 65000 to 65533 without assigning them; the range of systemd ends at 65519.
UNPRIVILEGED_ID = 65_533


def confine(
    isolation: Isolation, *, parent_pid: int, may_start_threads: bool = False
) -> frozenset[Protection]:
    """Permanently restrict this process to memory, time and its open descriptors.

    Returns the protections that are not available. The kernel kills this process when the process
    `parent_pid` ends.
    """
    missing = set(isolation.missing)
    for protection, protect in (
        (Protection.EMPTY_ROOT, lambda: _enter(isolation.root)),
        (Protection.USER, _become_unprivileged),
    ):
        if not _succeeds(protect):
            missing.add(protection)
    # After the change of user, which would clear it; and before getppid() is refused.
    kernel.prctl(kernel.PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if parent_pid != os.getppid():
        os._exit(1)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    for protection, protect in (
        (Protection.LANDLOCK, landlock.deny_everything),
        (Protection.SECCOMP, partial(seccomp.deny_system_calls, may_start_threads)),
    ):
        if not _succeeds(protect):
            missing.add(protection)
    return frozenset(missing)


def keep_descriptors(*kept: int) -> None:
    """Close every descriptor but `kept`; standard streams are redirected to /dev/null."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    highest, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    start = 3
    for descriptor in sorted(kept):
        os.closerange(start, descriptor)
        start = descriptor + 1
    os.closerange(start, highest)


def missing_protections(isolation: Isolation) -> frozenset[Protection]:
    """Confine a child of this process and return the protections that it lacks."""
    reading, writing = os.pipe()
    parent_pid = os.getpid()
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            missing = confine(isolation, parent_pid=parent_pid)
            os.write(writing, "\n".join(["confined", *missing]).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as answer:
        confined, *names = answer.read().split("\n")
    os.waitpid(pid, 0)
    return frozenset(map(Protection, names)) if confined else frozenset(Protection)


def _enter(root: int | None) -> None:
    """Make an empty directory the root of this process's file system."""
    if root is None:
        raise OSError("there is no empty directory")
    os.fchdir(root)
    os.chroot(".")
    os.close(root)  # through it the process could leave its new root


def _become_unprivileged() -> None:
    """Drop root, and all capabilities in the user namespace."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(UNPRIVILEGED_ID, UNPRIVILEGED_ID, UNPRIVILEGED_ID)
        os.setresuid(UNPRIVILEGED_ID, UNPRIVILEGED_ID, UNPRIVILEGED_ID)
    kernel.drop_capabilities()


def _succeeds(protect: Callable[[], None]) -> bool:
    try:
        protect()
    except OSError:
        return False
    return True
