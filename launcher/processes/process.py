"""One supervised process: started in its own group, logged to a file, stopped with its children."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from launcher.configuration.data_dir import DataDir
from launcher.configuration.inherited import plain
from launcher.errors import LauncherError
from launcher.processes.account import Account, child_setup, our_account

POLL_S = 0.02
# "<program>@<data directory>" in the environment of every process, by which `sweep` finds them.
_MARKER = "RAGAPP_SUPERVISED"


@dataclass(frozen=True)
class Program:
    """What to run, how to tell that it is ready, and how to stop it.

    ``env`` is its whole environment. ``is_ready`` is called with the process id.
    ``before_restart`` is called when it has died, before it is started again. ``stop_signal`` asks
    for an orderly end; the kernel sends ``death_signal`` when the launcher itself is killed.
    """

    name: str
    command: list[str]
    is_ready: Callable[[int], bool] = lambda pid: True
    before_restart: Callable[[], None] = lambda: None
    env: dict[str, str] = field(default_factory=plain)
    account: Account = field(default_factory=our_account)
    cwd: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    start_timeout_s: float = 60.0
    stop_timeout_s: float = 10.0


class Process:
    """A running ``Program``; its output goes to ``log/<name>.log`` in the data directory."""

    def __init__(self, program: Program, data: DataDir) -> None:
        self.program = program
        self.log_file = data.log / f"{program.name}.log"
        self.started_at = time.monotonic()
        self._was_asked_to_stop = False
        marker = {_MARKER: f"{program.name}@{data.root}"}
        with self.log_file.open("ab") as log:
            self._popen = subprocess.Popen(
                program.command,
                env=program.env | marker,
                cwd=program.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=child_setup(program.account, program.death_signal),
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code; None while it runs."""
        return self._popen.poll()

    def is_ready(self) -> bool:
        return self.exit_code is None and self.program.is_ready(self.pid)

    def wait_ready(self) -> None:
        """Return once it is ready. Raises LauncherError when it ends first or takes too long."""
        deadline = self.started_at + self.program.start_timeout_s
        while not self.is_ready():
            if self.exit_code is not None or time.monotonic() > deadline:
                raise LauncherError(f"{self.program.name} did not start: see {self.log_file}.")
            time.sleep(POLL_S)

    def ask_to_stop(self) -> None:
        """Send its stop signal, once: a second one would interrupt an orderly stop."""
        if not self._was_asked_to_stop:
            self._was_asked_to_stop = True
            self._popen.send_signal(self.program.stop_signal)

    def stop(self) -> None:
        """Ask it to stop, wait, then kill the rest of its process group."""
        self.ask_to_stop()
        try:
            self._popen.wait(self.program.stop_timeout_s)
        except subprocess.TimeoutExpired:
            self._popen.kill()
        self._popen.wait()
        _signal(self.pid, signal.SIGKILL, group=True)


def sweep(data: DataDir, name: str = "*", *, timeout_s: float = 20.0) -> None:
    """End the processes that an earlier launcher of this data directory left running.

    ``name`` limits it to one program. PostgreSQL is asked to shut down and killed after
    ``timeout_s``; the others are killed at once.
    """
    for pid in processes_of(data, name):
        _signal(pid, signal.SIGINT if _is_postgres(pid, data) else signal.SIGKILL)
    deadline = time.monotonic() + timeout_s
    while left := processes_of(data, name):
        if time.monotonic() > deadline:
            for pid in left:
                _signal(pid, signal.SIGKILL)
        time.sleep(POLL_S)


def processes_of(data: DataDir, name: str = "*") -> list[int]:
    """Return the ids of the processes that a launcher of ``data`` started, with their children."""
    ours = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in ours if pid != os.getpid() and _belongs(pid, data, name)]


def _belongs(pid: int, data: DataDir, name: str) -> bool:
    if name in ("*", "postgres") and _is_postgres(pid, data):
        return True
    try:
        variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # gone, or another user's
        return False
    prefix = f"{_MARKER}=" if name == "*" else f"{_MARKER}={name}@"
    suffix = os.fsencode(f"@{data.root}")
    return any(entry.startswith(prefix.encode()) and entry.endswith(suffix) for entry in variables)


def _is_postgres(pid: int, data: DataDir) -> bool:
    # Its children overwrite their environment with a title; all work in the cluster's folder.
    process = Path(f"/proc/{pid}")
    try:
        executable = (process / "exe").readlink().name
        return executable.startswith("postgres") and (process / "cwd").readlink() == data.postgres
    except OSError:
        return False


def _signal(pid: int, number: signal.Signals, *, group: bool = False) -> None:
    try:
        (os.killpg if group else os.kill)(pid, number)
    except ProcessLookupError:
        return
