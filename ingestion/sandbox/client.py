"""The caller's side of the sandbox: one zygote a process, one file at a time."""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson

from ingestion.errors import (
    ParseCancelled,
    ParseMemoryExceeded,
    ParserCrashed,
    ParseTimeout,
    SandboxUnavailable,
    TooMuchText,
)
from ingestion.parsing.limits import ParseLimits
from ingestion.sandbox.protocol import LENGTH
from ingestion.sandbox.wire import ParsedFile, ParseRequest, dump_request, load_result

_PROJECT = Path(__file__).resolve().parents[2]
_START_SECONDS = 60
# The kernel ends the child at its wall limit; the caller waits a little longer, then acts.
_GRACE_SECONDS = 10
_POLL_SECONDS = 0.5
# A native allocation that fails ends in abort(); a death near the ceiling is told as memory.
_MEMORY_SHARE = 0.5
_TIME_SIGNALS = (signal.SIGALRM, signal.SIGXCPU)


def _never() -> bool:
    return False


def parse_in_child(
    path: Path,
    *,
    name: str,
    tokenizer_path: Path | None,
    chunk_tokens: int,
    limits: ParseLimits | None = None,
    is_cancelled: Callable[[], bool] = _never,
) -> ParsedFile:
    """Parse and chunk the file at `path`, called `name` by its owner, in a child process.

    Passages hold at most `chunk_tokens` tokens of the model whose `tokenizer.json` is given (None:
    a cautious estimate). `is_cancelled` is asked about twice a second. Raises the errors of
    `ingestion.errors`, and nothing else, whatever the file.
    """
    request = ParseRequest(
        path=path.resolve(),
        name=name,
        tokenizer_path=tokenizer_path.resolve() if tokenizer_path else None,
        chunk_tokens=chunk_tokens,
        limits=limits or ParseLimits(),
    )
    with _lock:
        zygote = _living_zygote()
        try:
            data, ending = zygote.run(request, is_cancelled)
        except (OSError, EOFError, ValueError) as error:
            zygote.close()
            raise SandboxUnavailable(f"the zygote died: {error}") from error
        except BaseException:
            zygote.close()  # the child, still at work, dies with it
            raise
    _check_ending(ending, request.limits)
    return load_result(data)


@dataclass(frozen=True, slots=True)
class _Ending:
    """How a child ended. `exit_code` is minus the signal if one ended it; `memory_bytes` is the
    most that it held beyond what it shared with the zygote."""

    exit_code: int
    memory_bytes: int


class _Zygote:
    def __init__(self) -> None:
        self.owner_pid = os.getpid()
        self._control, theirs = socket.socketpair()
        environment = {**os.environ, "TOKENIZERS_PARALLELISM": "false", "MALLOC_ARENA_MAX": "1"}
        try:
            self._process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
                [sys.executable, "-m", "ingestion.sandbox.zygote", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                cwd=_PROJECT,
                env=environment,
            )
        except OSError as error:
            raise SandboxUnavailable(f"cannot start the zygote: {error}") from error
        finally:
            theirs.close()
        self._control.settimeout(_START_SECONDS)
        try:
            self._read_line()
        except (OSError, EOFError) as error:
            self.close()
            raise SandboxUnavailable(f"the zygote did not start: {error}") from error

    def is_alive(self) -> bool:
        if self.owner_pid != os.getpid() or self._process.poll() is not None:
            return False
        return not select.select([self._control], [], [], 0)[0]  # end of file: it is leaving

    def close(self) -> None:
        self._control.close()
        if self.owner_pid == os.getpid():
            self._process.kill()
            self._process.wait()

    def run(self, request: ParseRequest, is_cancelled: Callable[[], bool]) -> tuple[bytes, _Ending]:
        message = dump_request(request)
        result, theirs = os.pipe()
        try:
            socket.send_fds(self._control, [LENGTH.pack(len(message))], [theirs])
            os.close(theirs)
            theirs = -1
            self._control.sendall(message)
            data = self._read_result(result, request.limits, is_cancelled)
            ending = _Ending(**orjson.loads(self._read_line()))
        finally:
            os.close(result)
            if theirs >= 0:
                os.close(theirs)
        return data, ending

    def _read_result(
        self, result: int, limits: ParseLimits, is_cancelled: Callable[[], bool]
    ) -> bytes:
        """Return the bytes that the child writes until it closes its end, within the limits."""
        deadline = time.monotonic() + limits.wall_seconds + _GRACE_SECONDS
        data = bytearray()
        while True:
            ready, _, _ = select.select([result], [], [], _POLL_SECONDS)
            if ready:
                block = os.read(result, 1 << 20)
                if not block:
                    return bytes(data)
                data += block
            if len(data) > limits.max_result_bytes:
                raise TooMuchText(f"more than {limits.max_result_bytes} bytes of result")
            if time.monotonic() > deadline:
                raise ParseTimeout(f"no result after {limits.wall_seconds} s")
            if not ready and is_cancelled():
                raise ParseCancelled(str(limits))

    def _read_line(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            block = self._control.recv(4096)
            if not block:
                raise EOFError("end of file")
            line += block
        return line


def _check_ending(ending: _Ending, limits: ParseLimits) -> None:
    """Raise what the way the child ended means."""
    if ending.exit_code == 0:
        return
    if -ending.exit_code in _TIME_SIGNALS:
        raise ParseTimeout(f"ended by {signal.Signals(-ending.exit_code).name}")
    if ending.memory_bytes > limits.memory_bytes * _MEMORY_SHARE:
        raise ParseMemoryExceeded(f"{ending} near {limits.memory_bytes} bytes")
    raise ParserCrashed(str(ending))


_lock = threading.Lock()
_current: _Zygote | None = None


def _living_zygote() -> _Zygote:
    global _current
    if _current is None or not _current.is_alive():
        if _current is not None:
            _current.close()
        _current = _Zygote()
    return _current


def close_zygote() -> None:
    """End this process's zygote now rather than after its rest (tests, orderly shutdown)."""
    global _current
    with _lock:
        if _current is not None:
            _current.close()
            _current = None
