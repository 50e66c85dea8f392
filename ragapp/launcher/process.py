"""One supervised process: started in its own group, logged to a file, stopped with its children."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .account import Account, child_setup, our_account
from .errors import LauncherError

# In the environment of every process we start, so that a later start finds what a crash left.
MARKER = "RAGAPP_SUPERVISED"
POLL_S = 0.02


@dataclass(frozen=True)
class Program:
    """What to run, how to tell that it is ready, and how to stop it.

    ``is_ready`` is called with the process id. ``stop_signal`` asks for an orderly end;
    ``death_signal`` is what the kernel sends should the launcher itself be killed.
    """

    name: str
    command: list[str]
    is_ready: Callable[[int], bool] = lambda pid: True
    env: dict[str, str] = field(default_factory=dict)
    account: Account = field(default_factory=our_account)
    cwd: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    start_timeout_s: float = 60.0
    stop_timeout_s: float = 15.0


class Process:
    """A running ``Program``; its output goes to ``<log_dir>/<name>.log``."""

    def __init__(self, program: Program, *, log_dir: Path, marker: str) -> None:
        self.program = program
        self.log_file = log_dir / f"{program.name}.log"
        with self.log_file.open("ab") as log:
            self._popen = subprocess.Popen(
                program.command,
                env=os.environ | program.env | {MARKER: marker},
                cwd=program.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=child_setup(program.account, program.death_signal),  # noqa: PLW1509
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._popen.poll()

    def is_ready(self) -> bool:
        return self.exit_code is None and self.program.is_ready(self.pid)

    def wait_ready(self) -> None:
        """Return once it is ready. Raises LauncherError when it ends first or takes too long."""
        deadline = time.monotonic() + self.program.start_timeout_s
        while not self.is_ready():
            if self.exit_code is not None or time.monotonic() > deadline:
                self.stop()
                raise LauncherError(f"{self.program.name} did not start: see {self.log_file}.")
            time.sleep(POLL_S)

    def stop(self) -> None:
        """Ask it to end, wait, then kill what is left of its process group."""
        if self.exit_code is None:
            self._popen.send_signal(self.program.stop_signal)
            try:
                self._popen.wait(self.program.stop_timeout_s)
            except subprocess.TimeoutExpired:
                self._popen.kill()
        self.kill_group()
        self._popen.wait()

    def kill_group(self) -> None:
        """Kill every process of its group (its children, when it is dead itself)."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def sweep(marker: str, *, timeout_s: float = 10.0) -> list[int]:
    """Kill every process that a launcher of this data directory left; return their ids.

    PostgreSQL is asked to stop at once but in order (SIGQUIT); the others are killed.
    """
    left = _marked(marker)
    for pid in left:
        _signal(pid, signal.SIGQUIT if _is_postgres(pid) else signal.SIGKILL)
    deadline = time.monotonic() + timeout_s
    while _marked(marker):
        if time.monotonic() > deadline:
            for pid in _marked(marker):
                _signal(pid, signal.SIGKILL)
            deadline = time.monotonic() + timeout_s
        time.sleep(POLL_S)
    return left


def _marked(marker: str) -> list[int]:
    wanted = f"{MARKER}={marker}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def _is_postgres(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/exe").readlink().name.startswith("postgres")
    except OSError:
        return False


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
