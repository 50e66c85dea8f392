"""Several processes that serve one port.

Each process is a fork of one that has loaded the application, and shares its memory. Each has a
socket of its own on the port, among which the kernel divides the connections: with a common one,
the process that wakes up first would accept all that wait. The parent keeps the sockets open, so
that connections to a process that died wait for its successor.
"""

import gc
import logging
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess

logger = logging.getLogger(__name__)

Serve = Callable[[socket.socket], None]

_BACKLOG = 2048
_PAUSE_BEFORE_RESTART_S = 0.2
_fork = multiprocessing.get_context("fork")


def listen(host: str, port: int, n_sockets: int) -> list[socket.socket]:
    """Return sockets that listen on the same port; raises OSError when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Without SO_REUSEPORT, which would share the port with a second server of the same user.
    socket.create_server((host, port), family=family).close()
    return [
        socket.create_server((host, port), family=family, backlog=_BACKLOG, reuse_port=True)
        for _ in range(n_sockets)
    ]


def run_processes(sockets: Sequence[socket.socket], serve: Serve) -> None:
    """Run ``serve(socket)`` in a process for each socket until SIGINT or SIGTERM.

    ``serve`` returns after SIGTERM. A process that ends before is replaced.
    """
    processes: dict[socket.socket, ForkProcess] = {}
    is_stopping = False

    def stop(_number: int, _frame: object) -> None:
        nonlocal is_stopping
        is_stopping = True
        for process in processes.values():
            process.terminate()

    def start(listener: socket.socket) -> None:
        process = _fork.Process(target=_serve_alone, args=(listener, serve))
        process.start()
        # Only now: `stop` could not terminate one that has not started.
        processes[listener] = process
        if is_stopping:
            process.terminate()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    # A garbage collection would copy the pages that the processes share.
    gc.collect()
    gc.freeze()
    for listener in sockets:
        start(listener)
    while processes:
        wait([process.sentinel for process in processes.values()])
        for listener, process in list(processes.items()):
            if process.is_alive():
                continue
            del processes[listener]
            if not is_stopping:
                logger.error("process %s ended (%s) and is replaced", process.pid, process.exitcode)
                time.sleep(_PAUSE_BEFORE_RESTART_S)
                start(listener)


def _serve_alone(listener: socket.socket, serve: Serve) -> None:
    """Run in the new process."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    serve(listener)


def _end_with_parent() -> None:
    """End this process when the one that would replace and stop it has been killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None  # noqa: S101 (narrows the type)
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
