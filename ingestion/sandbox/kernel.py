"""Linux system calls that Python's standard library lacks; each raises OSError on failure."""

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
    """Move this process to new namespaces of the kinds in `flags` (unshare(2))."""
    _check(_libc.unshare(flags))


def system_call(number: int, *arguments: object) -> int:
    """Make a system call for which the C library has no function (syscall(2))."""
    return _check(_libc.syscall(ctypes.c_long(number), *arguments))


def drop_capabilities() -> None:
    """Drop all capabilities of this process (capset(2))."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    # Effective, permitted and inheritable sets, each in two words of 32 capabilities.
    _check(_libc.capset(header, (ctypes.c_uint32 * 6)()))


def _padded(arguments: tuple[object, ...]) -> list[object]:
    # Arguments of prctl are unsigned longs; some options require unused ones to be 0.
    numbers = [ctypes.c_ulong(item) if isinstance(item, int) else item for item in arguments]
    return [*numbers, *[ctypes.c_ulong(0)] * (4 - len(numbers))]


def _check(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
