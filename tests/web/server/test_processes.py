"""Several processes on one port: connections divided, dead ones replaced, none left behind."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from bench.stack import free_port
from tests.fixtures.waiting import wait_until
from web.server.processes import listen

N_PROCESSES = 2
# Each process answers a connection with its id.
PROGRAM = """
import os, sys
from web.server.processes import listen, run_processes

def serve(listener):
    while True:
        connection, _ = listener.accept()
        connection.sendall(b"%d" % os.getpid())
        connection.close()

run_processes(listen("127.0.0.1", int(sys.argv[1]), 2), serve)
"""


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def parent(port: int) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(port)]) as process:
        yield process
        process.kill()


def answering(port: int) -> int:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        return int(connection.recv(32))


def is_listening(port: int) -> bool:
    try:
        answering(port)
    except OSError:
        return False
    return True


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def both_processes(port: int) -> set[int]:
    """The processes that answer; the kernel divides connections by their ports."""
    wait_until(lambda: is_listening(port))
    found: set[int] = set()

    def are_all_found() -> bool:
        found.add(answering(port))
        return len(found) == N_PROCESSES

    wait_until(are_all_found)
    return found


def test_killed_process_is_replaced_and_loses_no_connection(
    port: int, parent: subprocess.Popen[bytes]
) -> None:
    first = both_processes(port)
    victim = min(first)
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: not is_alive(victim))
    # Those of the dead process wait for its successor.
    answers = {answering(port) for _ in range(50)}
    assert victim not in answers
    assert first & both_processes(port) == first - {victim}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_process_survives_its_parent(
    port: int, parent: subprocess.Popen[bytes], number: int
) -> None:
    processes = both_processes(port)
    parent.send_signal(number)
    parent.wait(20)
    wait_until(lambda: not any(map(is_alive, processes)))


def test_port_of_another_server_is_refused(port: int, parent: subprocess.Popen[bytes]) -> None:
    wait_until(lambda: is_listening(port))
    with pytest.raises(OSError, match="in use"):
        listen("127.0.0.1", port, N_PROCESSES)
