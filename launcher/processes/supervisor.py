"""All processes: started in order, watched, restarted when they die, stopped in reverse order."""

import contextlib
import select
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from launcher.configuration.data_dir import DataDir
from launcher.errors import LauncherError
from launcher.processes.log_rotation import rotate
from launcher.processes.process import POLL_S, Process, Program, sweep
from launcher.progress import report

_BACKOFF_S = (0.2, 1.0, 3.0, 10.0, 30.0)
_STEADY_S = 60.0  # after that time the pauses begin at the shortest again
_LOG_CHECK_S = 60.0
_TICK_S = 0.25


class Supervisor:
    """Runs programs for one data directory, whose lock the caller holds.

    ``start`` may be called several times: each call is a stage, and stages stop in reverse order.
    """

    def __init__(self, data: DataDir) -> None:
        self._data = data
        self._stages: list[list[_Watched]] = []
        self.is_stopping = False
        self._wake_up, self._on_signal = socket.socketpair()
        self._wake_up.setblocking(False)
        self._on_signal.setblocking(False)

    def start(self, programs: list[Program]) -> None:
        """Start a stage; return at once."""
        self._stages.append([_Watched(program, self._data) for program in programs])

    def wait_ready(self, *names: str) -> None:
        """Return once all, or those named, are ready.

        Raises LauncherError for the first that does not start, or when asked to stop.
        """
        for watched in self._all():
            while not names or watched.process.program.name in names:
                if watched.process.is_ready():
                    break
                watched.raise_if_failed()
                self.raise_if_stopping()
                time.sleep(POLL_S)

    def restart_ended(self) -> None:
        """Restart the processes that have ended, each after a pause that grows with each end."""
        for watched in self._all():
            watched.restart_ended()

    def watch(self) -> None:
        """Restart processes that end, until SIGTERM or SIGINT."""
        next_log_check = 0.0
        while not self.is_stopping:
            self.restart_ended()
            if time.monotonic() > next_log_check:
                rotate(self._data.log)
                next_log_check = time.monotonic() + _LOG_CHECK_S
            # A signal, also that a child has ended, stops the wait at once.
            select.select([self._wake_up], [], [], _TICK_S)
            with contextlib.suppress(BlockingIOError):
                self._wake_up.recv(4096)

    def stop(self) -> None:
        """Stop all, the last started first; leave no process behind."""
        for stage in reversed(self._stages):
            for watched in stage:
                watched.process.ask_to_stop()
            for watched in stage:
                watched.process.stop()
        self._stages.clear()
        sweep(self._data)

    def raise_if_stopping(self) -> None:
        """Raise LauncherError when the operator asked to stop during the start."""
        if self.is_stopping:
            raise LauncherError("Stopped before it was ready.")

    @contextlib.contextmanager
    def handling_signals(self) -> Iterator[None]:
        """Turn SIGTERM, SIGINT and SIGHUP into an orderly stop, and wake up when a child ends."""

        def ask_to_stop(number: int, frame: object) -> None:
            self.is_stopping = True

        ends = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        before = {number: signal.signal(number, ask_to_stop) for number in ends}
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(self._on_signal.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _all(self) -> Iterator["_Watched"]:
        for stage in self._stages:
            yield from stage


class _Watched:
    """A program and its current process."""

    def __init__(self, program: Program, data: DataDir) -> None:
        self._data = data
        self._restarts = -1
        self._restart_at: float | None = None
        self.process = Process(program, data)

    @property
    def log_file(self) -> Path:
        return self.process.log_file

    def raise_if_failed(self) -> None:
        """Raise LauncherError when it ended, or takes too long, during the first start."""
        late = time.monotonic() > self.process.started_at + self.process.program.start_timeout_s
        if late or self.process.exit_code is not None:
            raise LauncherError(f"{self.process.program.name} did not start: see {self.log_file}.")

    def restart_ended(self) -> None:
        """Restart it, after a growing pause, when it has ended."""
        code = self.process.exit_code
        if code is None:
            return
        program, now = self.process.program, time.monotonic()
        if self._restart_at is None:
            steady = now - self.process.started_at > _STEADY_S
            self._restarts = 0 if steady else self._restarts + 1
            pause = _BACKOFF_S[min(self._restarts, len(_BACKOFF_S) - 1)]
            self._restart_at = now + pause
            report(
                f"{program.name} ended ({_reason(code)}); starting it again: see {self.log_file}."
            )
        if now < self._restart_at:
            return
        self._restart_at = None
        sweep(self._data, program.name)
        program.before_restart()
        self.process = Process(program, self._data)


def _reason(exit_code: int) -> str:
    return f"exit code {exit_code}" if exit_code >= 0 else f"signal {-exit_code}"
