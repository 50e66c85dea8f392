"""The process that holds the parsers ready and forks a child for each file.

`python -m ingestion.sandbox.zygote FD`: FD is a Unix stream socket. Each request is a 4-byte length
and JSON, sent with the file descriptor for the result; the answer is JSON on one line. End of file
on the socket ends the zygote, and with it the child.
"""

import ctypes
import gc
import os
import resource
import select
import signal
import socket
import sys
from functools import lru_cache
from pathlib import Path

import orjson

from ingestion.chunking.tokens import TokenCounter
from ingestion.sandbox import job
from ingestion.sandbox.protocol import LENGTH
from ingestion.sandbox.wire import ParseRequest, load_request

IDLE_SECONDS = 60
_PARENT_CHECK_SECONDS = 5
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000


def main() -> None:
    """Serve requests until the caller goes away or nothing has come for IDLE_SECONDS."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _leave_network()
    control = socket.socket(fileno=int(sys.argv[1]))
    parent = os.getppid()
    gc.collect()
    gc.freeze()
    control.sendall(b"ready\n")
    while _wait_request(control, parent):
        message, descriptors, _, _ = socket.recv_fds(control, LENGTH.size, 1)
        if len(message) < LENGTH.size or not descriptors:
            return
        request = load_request(_receive(control, LENGTH.unpack(message)[0]))
        _serve(control, request, descriptors[0])


def _wait_request(control: socket.socket, parent: int) -> bool:
    """Wait for a request; False when it is time to end."""
    for _ in range(IDLE_SECONDS // _PARENT_CHECK_SECONDS):
        if select.select([control], [], [], _PARENT_CHECK_SECONDS)[0]:
            return True
        if os.getppid() != parent:
            return False
    return False


def _receive(control: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        block = control.recv(size - len(data))
        if not block:
            sys.exit(0)
        data += block
    return data


@lru_cache(maxsize=2)
def _counter(path: Path | None, _changed_ns: int) -> TokenCounter:
    counter = TokenCounter(path)
    gc.freeze()
    return counter


def _serve(control: socket.socket, request: ParseRequest, result_fd: int) -> None:
    path = request.tokenizer_path
    counter = _counter(path, path.stat().st_mtime_ns if path else 0)
    zygote_pid = os.getpid()
    own_bytes = resident_bytes()
    pid = os.fork()
    if pid == 0:
        control.close()
        job.run(request, counter, result_fd, zygote_pid)
    os.close(result_fd)
    child = os.pidfd_open(pid)
    ready, _, _ = select.select([control.fileno(), child], [], [])
    os.close(child)
    if control.fileno() in ready:
        sys.exit(0)  # the caller is gone or gave up; the child dies with this process
    _, status, usage = os.wait4(pid, 0)
    answer = {
        "exit_code": os.waitstatus_to_exitcode(status),
        "memory_bytes": max(0, usage.ru_maxrss * 1024 - own_bytes),
    }
    control.sendall(orjson.dumps(answer) + b"\n")


def resident_bytes() -> int:
    """Return the memory of this process that a fork shares."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def _leave_network() -> None:
    """Move to a network namespace without interfaces where the kernel permits it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) != 0:
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


if __name__ == "__main__":
    main()
