"""What a parser under an attacker's control tries. Each returns what it got, or raises OSError.

    python -m tests.ingestion.sandbox.attacks NAME [ARGUMENT]

tries one without any confinement, to show that the attack itself works.
"""

import ctypes
import json
import mmap
import os
import platform
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)
_X86 = platform.machine() == "x86_64"


def _system_call(on_x86: int, on_arm: int, *arguments: object) -> str:
    result = _libc.syscall(ctypes.c_long(on_x86 if _X86 else on_arm), *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return f"system call returned {result}"


def _environment(_: str) -> str:
    return json.dumps(dict(os.environ))


def _read(path: str) -> str:
    return Path(path).read_bytes().decode("latin-1") or "an open file"


def _list(path: str) -> str:
    return " ".join(os.listdir(path)) or "an empty directory"  # noqa: PTH208 (the plain call)


def _stat(path: str) -> str:
    return str(Path(path).stat())


def _write(path: str) -> str:
    return str(Path(path, "planted").write_text("x"))


def _make(path: str) -> str:
    Path(path, "planted-directory").mkdir()
    return "a directory"


def _symlink(path: str) -> str:
    Path(path, "planted-link").symlink_to("/etc/passwd")
    return "a symbolic link"


def _hard_link(path: str) -> str:
    Path(path, "planted-hard-link").hardlink_to(Path(path, "victim"))
    return "a hard link"


def _remove(path: str) -> str:
    Path(path, "victim").unlink()
    return "removed"


def _mode(path: str) -> str:
    Path(path, "victim").chmod(0o777)
    return "changed"


def _socket(family: str) -> str:
    kind = socket.SOCK_RAW if family in ("AF_NETLINK", "AF_PACKET") else socket.SOCK_STREAM
    return str(socket.socket(getattr(socket, family), kind).fileno())


def _socket_pair(_: str) -> str:
    return str(socket.socketpair())


def _connect_tcp(port: str) -> str:
    return str(socket.create_connection(("127.0.0.1", int(port)), timeout=5))


def _connect_unix(path: str) -> str:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path.replace("@", "\0", 1))
    return f"connected to {path}"


def _fork(_: str) -> str:
    if os.fork() == 0:
        os._exit(0)
    return "a process"


def _thread(_: str) -> str:
    try:
        threading.Thread(target=lambda: None).start()
    except RuntimeError as error:
        raise OSError("no thread") from error
    return "a thread"


def _execute(path: str) -> str:
    os.execv(path, [path])  # noqa: S606 (no shell wanted)


def _spawn(path: str) -> str:
    return str(os.posix_spawn(path, [path], {}))


def _signal_parent(_: str) -> str:
    _libc.getppid.restype = ctypes.c_int
    os.kill(max(1, os.getppid()), 0)
    return "may send signals"


def _signal_everybody(_: str) -> str:
    os.kill(-1, 0)
    return "may send signals"


def _signal(pid: str) -> str:
    os.kill(int(pid), 0)
    return "may send signals"


def _trace(pid: str) -> str:
    return _system_call(101, 117, 0x4206, int(pid), None, None)  # PTRACE_SEIZE


def _read_memory(pid: str) -> str:
    return _system_call(310, 270, int(pid), None, 0, None, 0, 0)  # process_vm_readv


def _open_process(pid: str) -> str:
    return str(os.pidfd_open(int(pid)))


def _mount(path: str) -> str:
    if _libc.mount(b"none", path.encode(), b"tmpfs", 0, None) != 0:
        raise OSError(ctypes.get_errno(), "mount")
    _libc.umount(path.encode())
    return "mounted"


def _unshare(flag: str) -> str:
    if _libc.unshare(int(flag, 16)) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    return "namespaces"


def _change_root(_: str) -> str:
    os.chroot(".")
    return "another root"


def _become_root(_: str) -> str:
    os.setresuid(0, 0, 0)
    return f"user {os.getuid()}"


def _join_groups(_: str) -> str:
    os.setgroups([0])
    return "groups"


def _stop_clock(_: str) -> str:
    signal.setitimer(signal.ITIMER_REAL, 0)
    return "no time limit"


def _executable_memory(_: str) -> str:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    return "executable memory"


def _load_library(path: str) -> str:
    return str(ctypes.CDLL(path))


def _shared_memory(_: str) -> str:
    return _system_call(29, 194, 0x1234, 4096, 0o1600)  # shmget, IPC_CREAT


def _message_queue(_: str) -> str:
    return _system_call(68, 186, 0x1234, 0o1600)  # msgget


def _raw(on_x86: int, on_arm: int, *arguments: object) -> Callable[[str], str]:
    return lambda _: _system_call(on_x86, on_arm, *arguments)


def _x32(_: str) -> str:
    return _system_call(0x4000_0000 | 39, -1)


def _descriptors(_: str) -> str:
    """Every open descriptor, and whether something can be read from it."""
    found = {}
    for descriptor in range(1024):
        try:
            os.lseek(descriptor, 0, os.SEEK_CUR)
            found[descriptor] = "file"
        except OSError as error:
            if error.errno == 29:  # ESPIPE
                found[descriptor] = "pipe or socket"
    return json.dumps(found)


def _wait(_: str) -> str:
    """Go on for ever."""
    while True:
        signal.pause() if threading.active_count() > 1 else sum(range(1000))


def _close_and_go_on(_: str) -> str:
    """End the result at once, and go on for ever."""
    os.closerange(3, 1024)
    return _wait("")


def _flood(_: str) -> str:
    """Write without end to whatever can be written to."""
    block = b"x" * (1 << 20)
    while True:
        for descriptor in range(3, 64):
            try:
                os.write(descriptor, block)
            except OSError:
                continue


ATTACKS: Mapping[str, Callable[[str], str]] = {
    "environment": _environment, "read": _read, "list": _list, "stat": _stat, "write": _write,
    "mkdir": _make, "symlink": _symlink, "hard-link": _hard_link, "remove": _remove,
    "chmod": _mode, "socket": _socket, "socket-pair": _socket_pair, "connect-tcp": _connect_tcp,
    "connect-unix": _connect_unix, "fork": _fork, "thread": _thread, "execute": _execute,
    "spawn": _spawn, "signal-parent": _signal_parent, "signal-everybody": _signal_everybody,
    "signal": _signal, "trace": _trace, "read-memory": _read_memory,
    "open-process": _open_process, "mount": _mount, "unshare": _unshare,
    "change-root": _change_root, "become-root": _become_root, "join-groups": _join_groups,
    "limits": _raw(302, 261, 0, 0, None, None), "stop-clock": _stop_clock,
    "executable-memory": _executable_memory, "load-library": _load_library,
    "shared-memory": _shared_memory, "message-queue": _message_queue,
    "bpf": _raw(321, 280, 0, None, 0), "io-uring": _raw(425, 425, 1, None),
    "keyring": _raw(250, 219, 0, -3, 1), "performance": _raw(298, 241, None, 0, -1, -1, 0),
    "fault-handler": _raw(323, 282, 0), "memory-file": _raw(319, 279, b"x", 0),
    "clone3": _raw(435, 435, None, 0), "new-mount": _raw(430, 430, b"tmpfs", 0),
    "x32": _x32, "descriptors": _descriptors, "wait": _wait,
    "close-and-go-on": _close_and_go_on, "flood": _flood,
}  # fmt: skip


def outcome(name: str, argument: str) -> str:
    """Try an attack; return "got: …", or "refused: …" when the kernel refused it."""
    try:
        return f"got: {ATTACKS[name](argument)}"
    except OSError as error:
        return f"refused: {type(error).__name__}: {error}"


if __name__ == "__main__":
    sys.stdout.write(outcome(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""))
