"""Calls to the Linux kernel that Python's standard library lacks; each raises OSError."""

import ctypes
import os

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
CLONE_NEWNS = 0x0002_0000
CLONE_NEWUTS = 0x0400_0000
CLONE_NEWIPC = 0x0800_0000
CLONE_NEWUSER = 0x1000_0000
CLONE_NEWPID = 0x2000_0000
CLONE_NEWNET = 0x4000_0000
_CAPABILITY_VERSION_3 = 0x2008_0522

_libc = ctypes.CDLL(None, use_errno=True)


def prctl(option: int, *arguments: object) -> None:
    """Change an attribute of this process (prctl(2))."""
    _check(_libc.prctl(option, *_padded(arguments)))


def unshare(flags: int) -> None:
    """Leave the namespaces named by `flags` for new ones (unshare(2))."""
    _check(_libc.unshare(flags))


def system_call(number: int, *arguments: object) -> int:
    """Make a system call that the C library has no function for (syscall(2))."""
    return _check(_libc.syscall(ctypes.c_long(number), *arguments))


def drop_capabilities() -> None:
    """Give every capability of this process up (capset(2))."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    # Effective, permitted and inheritable, of the low and of the high 32 capabilities.
    _check(_libc.capset(header, (ctypes.c_uint32 * 6)()))


def _padded(arguments: tuple[object, ...]) -> list[object]:
    # Every argument of prctl is an unsigned long, and some options refuse garbage in the unused.
    numbers = [ctypes.c_ulong(item) if isinstance(item, int) else item for item in arguments]
    return [*numbers, *[ctypes.c_ulong(0)] * (4 - len(numbers))]


def _check(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
