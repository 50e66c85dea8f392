"""Processes started, watched, restarted and stopped; the programs are small scripts."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from launcher.configuration.data_dir import DataDir
from launcher.errors import LauncherError
from launcher.processes.process import Process, Program, processes_of, sweep
from launcher.processes.supervisor import Supervisor
from launcher.project import ROOT
from tests.fixtures.waiting import wait_until

pytestmark = pytest.mark.usefixtures("nothing_left")

# Starts a child in a session of its own, says its name when asked to stop, and stops.
SCRIPT = """
import pathlib, signal, subprocess, sys, time
name, journal = sys.argv[1], pathlib.Path(sys.argv[2])
def stop(number, frame):
    with journal.open("a") as file:
        file.write(name + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
pathlib.Path(journal.parent, name).touch()
while True:
    time.sleep(600)
"""


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def program(journal: Path) -> Callable[[str], Program]:
    def make(name: str) -> Program:
        return Program(
            name=name,
            command=[sys.executable, "-c", SCRIPT, name, str(journal)],
            is_ready=lambda pid: (journal.parent / name).exists(),
        )

    return make


@pytest.fixture
def supervisor(data: DataDir) -> Iterator[Supervisor]:
    supervisor = Supervisor(data)
    with supervisor.handling_signals():
        yield supervisor
        supervisor.stop()


def during(watch: Callable[[], None], act: Callable[[], None]) -> None:
    """Run ``watch`` here (it handles signals) and ``act`` in a thread; then comes SIGTERM."""
    with ThreadPoolExecutor(1) as beside:
        acting = beside.submit(act)
        acting.add_done_callback(lambda _: os.kill(os.getpid(), signal.SIGTERM))
        watch()
    acting.result()


@pytest.mark.crash
def test_ended_process_is_restarted(
    data: DataDir, supervisor: Supervisor, program: Callable[[str], Program]
) -> None:
    def kill_and_await(name: str) -> None:
        before = set(processes_of(data, name))
        assert len(before) == 2  # itself and its child
        os.kill(min(before), signal.SIGKILL)
        wait_until(lambda: len(set(processes_of(data, name)) - before) == 2, "a restart")
        assert not before & set(processes_of(data, name)), "its child survived"

    supervisor.start([program("first")])
    supervisor.start([program("second")])
    supervisor.wait_ready()

    during(supervisor.watch, lambda: [kill_and_await(name) for name in ("first", "second")])


def test_stages_stop_in_reverse_order(
    supervisor: Supervisor, program: Callable[[str], Program], journal: Path
) -> None:
    for name in ("database", "worker", "web"):
        supervisor.start([program(name)])
    supervisor.wait_ready()

    supervisor.stop()

    assert journal.read_text().split() == ["web", "worker", "database"]


def test_error_names_a_program_that_ends_at_once_and_its_log(
    data: DataDir, supervisor: Supervisor
) -> None:
    command = [sys.executable, "-c", "print('why'); exit(3)"]
    supervisor.start([Program("broken", command, is_ready=lambda pid: False)])

    with pytest.raises(LauncherError, match=r"broken did not start: see .*broken\.log"):
        supervisor.wait_ready()
    assert (data.log / "broken.log").read_text() == "why\n"


def test_stop_signal_during_the_start_stops_it(supervisor: Supervisor) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    supervisor.start([Program("slow", command, is_ready=lambda pid: False)])

    with pytest.raises(LauncherError, match="Stopped before it was ready"):
        during(supervisor.wait_ready, lambda: None)


def test_process_that_ignores_its_stop_signal_is_killed(data: DataDir) -> None:
    script = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True)"
    command = [sys.executable, "-c", f"{script}; time.sleep(600)"]
    process = Process(Program("deaf", command, stop_timeout_s=0.2), data)
    wait_until(lambda: "up" in process.log_file.read_text(), "a start")

    process.stop()

    assert process.exit_code == -signal.SIGKILL


@pytest.mark.crash
def test_children_end_with_a_killed_launcher(data: DataDir, journal: Path) -> None:
    launcher = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from launcher.configuration.data_dir import DataDir
from launcher.processes.process import Process, Program
command = [sys.executable, "-c", {SCRIPT!r}, "orphan", {str(journal)!r}]
Process(Program("orphan", command), DataDir(Path({str(data.root)!r})))
input()
"""
    with subprocess.Popen([sys.executable, "-c", launcher], stdin=subprocess.PIPE) as parent:
        wait_until((journal.parent / "orphan").exists, "a start")
        orphan, child = sorted(processes_of(data))
        parent.kill()
    wait_until(lambda: orphan not in processes_of(data), "the end of the orphan")

    # Its child had a session of its own: the next start sweeps it.
    assert processes_of(data) == [child]
    sweep(data)
