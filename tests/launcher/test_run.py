"""``./run`` and ``./manage`` as an operator meets them."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.configuration.credentials import load_credentials
from launcher.configuration.data_dir import DataDir, locked
from launcher.processes.process import processes_of
from launcher.project import ROOT
from tests.launcher.conftest import kill_all

CACHE = Path(os.environ.get("RAGAPP_TEST_CACHE", ROOT / "var" / "test-cache"))
READY_TIMEOUT_S = 600.0  # a limit for busy machines


def operator_environment() -> dict[str, str]:
    """Nothing of the tests' own services; the model and the static files are made once."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"MODELS_DIR": str(CACHE / "models"), "STATIC_ROOT": str(CACHE / "static")}


def launch(command: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / command, *arguments],
        env=operator_environment() | env,
        capture_output=True,
        text=True,
        check=False,
    )


class Run:
    """A ``./run`` in the background."""

    def __init__(self, data: DataDir, port: int) -> None:
        self.data, self.port = data, port
        self.process = subprocess.Popen(
            [ROOT / "run", "--port", str(port), "--data-dir", data.root],
            env=operator_environment(),
            stdout=subprocess.PIPE,
            stderr=(data.root / "progress").open("a"),
            text=True,
        )

    def wait_ready(self) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not self._is_ready():
            assert self.process.poll() is None, (self.data.root / "progress").read_text()
            assert time.monotonic() < deadline, "not ready"
            time.sleep(0.1)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}/readyz", timeout=10
            ) as response:
                return response.status == 200
        except (OSError, urllib.error.HTTPError):
            return False

    def kill_and_await(self, name: str) -> None:
        """Kill a process and its kind with -9; return when it was started again and all answer."""
        before = processes_of(self.data, name)
        os.kill(min(before), signal.SIGKILL)
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not set(processes_of(self.data, name)) - set(before):
            assert time.monotonic() < deadline, f"{name} was not started again"
            time.sleep(0.05)
        self.wait_ready()

    def stop(self, number: signal.Signals) -> str:
        """Send the signal, wait for the end, return what was printed."""
        self.process.send_signal(number)
        printed, _ = self.process.communicate()
        return printed


def environment_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@pytest.fixture
def run(data: DataDir, free_port: int) -> Iterator[Run]:
    run = Run(data, free_port)
    yield run
    run.process.kill()
    run.process.wait()


@pytest.mark.crash
@pytest.mark.usefixtures("nothing_left")
def test_everything_is_restarted_survives_a_crash_and_stops(
    data: DataDir, run: Run, free_port: int
) -> None:
    run.wait_ready()
    owner_password = load_credentials(data).owner_password.encode()
    holders = [pid for pid in processes_of(data) if owner_password in environment_of(pid)]
    for name in ("web", "models", "worker-parse", "worker-embed", "beat", "valkey", "postgres"):
        run.kill_and_await(name)

    kill_all([run.process.pid, *processes_of(data)])
    first_output = run.process.communicate()[0]
    again = Run(data, free_port)
    again.wait_ready()
    listed = launch("manage", "--data-dir", str(data.root), "showmigrations", "--plan")
    again_output = again.stop(signal.SIGINT)

    assert holders == []
    assert f"http://localhost:{free_port}/" in first_output
    assert re.search(r"user name +\S+\n +password +\S{12,}", first_output)
    assert "password" not in again_output
    assert again.process.returncode == 0
    assert "[ ]" not in listed.stdout


@pytest.mark.usefixtures("nothing_left")
def test_manage_starts_a_database_when_run_is_not_running(data: DataDir) -> None:
    place = ["--data-dir", str(data.root)]
    script = "from people.models import User; print(User.objects.count())"

    counted = launch("manage", "shell", "--no-imports", "-c", script, *place)
    unknown = launch("manage", *place, "nosuchcommand")

    assert counted.stdout == "0\n", counted.stderr
    assert counted.returncode == 0
    assert "Unknown command: 'nosuchcommand'" in unknown.stderr
    assert unknown.returncode == 1


def refusal(result: subprocess.CompletedProcess[str]) -> str:
    """The one line by which ``./run`` refused."""
    assert result.returncode == 1
    assert result.stdout == ""
    assert re.fullmatch(r"ragapp: [^\n]+\n", result.stderr), result.stderr
    return result.stderr


def test_occupied_port_is_reported_in_one_line(data: DataDir) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        line = refusal(launch("run", "--data-dir", str(data.root), "--port", port))
    assert f"Port {port} is taken" in line


def test_newer_data_directory_is_reported_in_one_line(data: DataDir) -> None:
    (data.root / "VERSION").write_text("99\n")
    assert "newer version" in refusal(launch("run", "--data-dir", str(data.root)))


def test_older_data_directory_is_reported_in_one_line(data: DataDir) -> None:
    (data.root / "VERSION").write_text("1\n")
    assert "cannot be upgraded" in refusal(launch("run", "--data-dir", str(data.root)))


def test_data_directory_in_use_is_reported_in_one_line(data: DataDir) -> None:
    with locked(data, "run"):
        assert "in use by ./run" in refusal(launch("run", "--data-dir", str(data.root)))


def test_read_only_data_directory_is_reported_in_one_line() -> None:
    assert "/proc/ragapp" in refusal(launch("run", "--data-dir", "/proc/ragapp"))


def test_old_python_is_reported_in_one_line(tmp_path: Path) -> None:
    """A copy of the project without a virtual environment, and nothing but an old Python."""
    shutil.copytree(ROOT / "launcher", tmp_path / "launcher")
    shutil.copy(ROOT / "run", tmp_path)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "dirname", "readlink"):
        (programs / name).symlink_to(str(shutil.which(name)))
    old = programs / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 || exit 1\n')
    old.chmod(0o755)

    result = subprocess.run(
        [tmp_path / "run"], env={"PATH": str(programs)}, capture_output=True, text=True, check=False
    )

    assert "Python 3.11 or later is needed and Python 3.9.2 was found" in refusal(result)


@pytest.mark.usefixtures("nothing_left")
def test_first_setup_without_network_is_reported_in_one_line_and_leaves_nothing_incomplete(
    tmp_path: Path, data: DataDir
) -> None:
    """A fresh copy of the project, and a package index that answers to nobody."""
    for name in ("run", "manage.py", "package.json", "package-lock.json"):
        shutil.copy(ROOT / name, tmp_path)
    for file in ROOT.glob("requirements*.txt"):
        shutil.copy(file, tmp_path)
    shutil.copytree(ROOT / "launcher", tmp_path / "launcher")
    nowhere = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "0",
        "TORCH_CPU_INDEX_URL": "http://127.0.0.1:9/whl/cpu",
    }

    result = subprocess.run(
        [tmp_path / "run", "--data-dir", data.root, "--port", "0"],
        env=operator_environment() | nowhere,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "the package registry cannot be reached" in result.stderr.splitlines()[-1]
    assert not list((tmp_path / ".venv").glob(".*.stamp"))
