"""What a child gives up before it reads an untrusted file, in the order that the kernel needs."""

import contextlib
import os
import resource
import signal
from collections.abc import Callable

from ingestion.sandbox import kernel, landlock, seccomp
from ingestion.sandbox.namespaces import Isolation
from ingestion.sandbox.protections import Protection

# Debian reserves 65000 to 65533 and gives them to nobody; systemd's own end at 65519.
UNPRIVILEGED_ID = 65_533


def confine(isolation: Isolation, *, parent_pid: int) -> frozenset[Protection]:
    """Take from this process all but memory, time and its open descriptors, for good.

    It dies with the process `parent_pid`. Returns the protections that could not be had.
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
        (Protection.SECCOMP, seccomp.deny_system_calls),
    ):
        if not _succeeds(protect):
            missing.add(protection)
    return frozenset(missing)


def keep_descriptors(*kept: int) -> None:
    """Close every descriptor but `kept`; the standard streams lead nowhere."""
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
    """Return what a child of this process would lack, by confining one."""
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
    """Make the empty directory this process's whole file system."""
    if root is None:
        raise OSError("there is no empty directory")
    os.fchdir(root)
    os.chroot(".")
    os.close(root)  # from outside its root a process could walk back to the real one


def _become_unprivileged() -> None:
    """Give up root's identity, or the capabilities inside the user namespace."""
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
