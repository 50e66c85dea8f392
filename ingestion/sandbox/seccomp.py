"""seccomp: deny this process all system calls but those listed here (seccomp(2)).

Allowed is what parsing needs after all modules are loaded and all files are open: memory, reading
and writing of open descriptors, time, random numbers, exit. No listed call takes a path, an address
or another process. All other calls fail with EPERM.
"""

import ctypes
import mmap
import os
import platform
import struct
from dataclasses import dataclass

from ingestion.sandbox import kernel

_MODE_FILTER = 2
# Codes of classic BPF: load a word, compare it, return (linux/bpf_common.h).
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _EPERM, _ENOSYS = 0x7FFF_0000, 0x8000_0000, 0x0005_0001, 0x0005_0026
# struct seccomp_data: number, architecture, instruction pointer, six arguments of 64 bits.
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
_X32_BIT = 0x4000_0000  # system call numbers of x32 begin here; their arguments differ
_F_DUPFD_CLOEXEC = 1030

# System call: its numbers on x86-64 and on arm64 (None: the architecture lacks this call).
_UNCONDITIONAL: dict[str, tuple[int, int | None]] = {
    "read": (0, 63),
    "write": (1, 64),
    "lseek": (8, 62),
    "futex": (202, 98),
    "munmap": (11, 215),
    "brk": (12, 214),
    "madvise": (28, 233),
    "mremap": (25, 216),
    "pread64": (17, 67),
    "readv": (19, 65),
    "writev": (20, 66),
    "close": (3, 57),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "restart_syscall": (219, 128),
    "sigaltstack": (131, 132),
    "getpid": (39, 172),
    "gettid": (186, 178),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "nanosleep": (35, 101),
    "gettimeofday": (96, 169),
    "time": (201, None),
    "getrandom": (318, 278),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "exit": (60, 93),
    "exit_group": (231, 94),
}
# What the C library calls to start a thread. Arguments of clone3 cannot be tested: told that it
# does not exist, the library calls clone, with these flags and no others.
_OF_THREADS = {"set_robust_list": (273, 99), "rseq": (334, 293)}
_CLONE, _CLONE3, _THREAD_FLAGS = (56, 220), (435, 435), 0x003D_0F00
_MMAP, _MPROTECT, _FCNTL, _TGKILL = (9, 222), (10, 226), (72, 25), (234, 131)


@dataclass(frozen=True, slots=True)
class _Machine:
    """An architecture: its AUDIT_ARCH constant, and its column in the tables above."""

    audit_mark: int
    column: int


_MACHINES = {"x86_64": _Machine(0xC000_003E, 0), "aarch64": _Machine(0xC000_00B7, 1)}

_Instructions = list[tuple[int, int, int, int]]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def deny_system_calls(may_start_threads: bool = False) -> None:
    """Permanently deny this process all system calls but the listed ones. Needs `no_new_privs`.

    With `may_start_threads` it may start threads, to which the same applies, but no processes.
    Raises OSError if the kernel lacks seccomp or the architecture is not in the table.
    """
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        raise OSError(f"no list of system calls for {platform.machine()}")
    instructions = _filter(machine, os.getpid(), may_start_threads)
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)
    program = _Program(len(instructions), code)
    kernel.prctl(kernel.PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program))


def _filter(machine: _Machine, own_pid: int, may_start_threads: bool) -> _Instructions:
    """Return the program that the kernel runs at each system call (jumps skip instructions)."""
    column = machine.column
    program: _Instructions = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (
            _EQUAL,
            1,
            0,
            machine.audit_mark,
        ),  # 32-bit calls have another AUDIT_ARCH constant, and other numbers
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_AT_LEAST, 0, 1, _X32_BIT),
        (_RETURN, 0, 0, _KILL),
    ]
    for numbers in _UNCONDITIONAL.values():
        number = numbers[column]
        if number is not None:
            program += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    if may_start_threads:
        for numbers in _OF_THREADS.values():
            program += [(_EQUAL, 0, 1, numbers[column]), (_RETURN, 0, 0, _ALLOW)]
        program += [(_EQUAL, 0, 1, _CLONE3[column]), (_RETURN, 0, 0, _ENOSYS)]
        program += _when_argument(_CLONE[column], 0, (_EQUAL, 0, 1, _THREAD_FLAGS))
    for numbers in (_MMAP, _MPROTECT):  # no executable mapping
        test = (_ANY_BIT, 1, 0, mmap.PROT_EXEC)
        program += _when_argument(numbers[column], 2, test)
    program += _when_argument(_FCNTL[column], 1, (_EQUAL, 0, 1, _F_DUPFD_CLOEXEC))
    program += _when_argument(_TGKILL[column], 0, (_EQUAL, 0, 1, own_pid))  # abort()
    return [*program, (_RETURN, 0, 0, _EPERM)]


def _when_argument(number: int, index: int, test: tuple[int, int, int, int]) -> _Instructions:
    """Allow call `number` if the low half of its argument passes `test`, else deny it."""
    low_half = _ARGUMENTS_AT + 8 * index
    return [
        (_EQUAL, 0, 4, number),
        (_LOAD, 0, 0, low_half),
        test,
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _EPERM),
    ]
