"""The caller's side of the sandbox: one zygote a process, one file at a time."""

import contextlib
import io
import logging
import os
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import orjson

from ingestion.errors import (
    CorruptDocument,
    DocumentError,
    ParseCancelled,
    ParseMemoryExceeded,
    ParserCrashed,
    ParseTimeout,
    SandboxUnavailable,
    TooMuchText,
)
from ingestion.parsing.limits import ParseLimits
from ingestion.sandbox.protections import Protection, lack
from ingestion.sandbox.protocol import REQUEST
from ingestion.sandbox.start import ENVIRONMENT, PROJECT
from ingestion.sandbox.wire import ParsedFile, ParseRequest, dump_request, load_result

logger = logging.getLogger(__name__)

_MODULE = "ingestion.sandbox.zygote"
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
    content: IO[bytes],
    *,
    name: str,
    tokenizer_path: Path | None,
    chunk_tokens: int,
    limits: ParseLimits | None = None,
    is_cancelled: Callable[[], bool] = _never,
    require_protections: bool = False,
) -> ParsedFile:
    """Parse and chunk an open file, called `name` by its owner, in a child process.

    The child gets the descriptor of a regular file, or of a temporary copy of anything else.
    Passages hold at most `chunk_tokens` tokens of the model whose `tokenizer.json` is given (None:
    a cautious estimate). `is_cancelled` is asked about twice a second. With `require_protections`
    a machine whose kernel lacks one of `Protection` parses nothing (SandboxUnavailable). Raises
    the errors of `ingestion.errors`, and nothing else, whatever the file.
    """
    limits = limits or ParseLimits()
    request = dump_request(ParseRequest(name=name, chunk_tokens=chunk_tokens, limits=limits))
    with _descriptor(content) as file, _lock:
        zygote = _living_zygote(tokenizer_path.resolve() if tokenizer_path else None)
        if require_protections and zygote.missing:
            raise SandboxUnavailable(lack(zygote.missing))
        try:
            data, ending = zygote.run(file, request, limits, is_cancelled)
        except (OSError, EOFError, ValueError) as error:
            zygote.close()
            raise SandboxUnavailable(f"the zygote died: {error}") from error
        except BaseException:
            zygote.close()  # the child, still at work, dies with it
            raise
    try:
        _check_ending(ending, limits)
        return load_result(data)
    except DocumentError as error:
        # The child is not trusted: its words are quoted, so that they make no lines of their own.
        logger.info("a file could not be read: %s: %.500r", error.code, str(error))
        raise


@dataclass(frozen=True, slots=True)
class _Ending:
    """How a child ended. `exit_code` is minus the signal if one ended it; `memory_bytes` is the
    most that it held beyond what it shared with the zygote."""

    exit_code: int
    memory_bytes: int


class _Zygote:
    def __init__(self, tokenizer_path: Path | None) -> None:
        self.owner_pid = os.getpid()
        self.tokenizer = _version(tokenizer_path)
        self._control, theirs = socket.socketpair()
        arguments = [str(theirs.fileno()), *([str(tokenizer_path)] if tokenizer_path else [])]
        try:
            self._process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
                [sys.executable, "-m", _MODULE, *arguments],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                cwd=PROJECT,
                env=ENVIRONMENT,
            )
        except OSError as error:
            raise SandboxUnavailable(f"cannot start the zygote: {error}") from error
        finally:
            theirs.close()
        self._control.settimeout(_START_SECONDS)
        try:
            self.missing = frozenset(map(Protection, orjson.loads(self._read_line())))
        except (OSError, EOFError, ValueError) as error:
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

    def run(
        self, file: int, request: bytes, limits: ParseLimits, is_cancelled: Callable[[], bool]
    ) -> tuple[bytes, _Ending]:
        """Have the file parsed; return what the child wrote and how it ended."""
        result, result_end = os.pipe()
        request_end, request_pipe = os.pipe()
        try:
            # A name and some numbers: less than a pipe holds, so that writing does not wait.
            os.write(request_pipe, request)
            socket.send_fds(self._control, [REQUEST], [file, request_end, result_end])
        except BaseException:
            os.close(result)
            raise
        finally:
            for descriptor in (request_pipe, request_end, result_end):
                os.close(descriptor)
        try:
            return self._read_result(result, limits, is_cancelled), self._read_ending()
        finally:
            os.close(result)

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

    def _read_ending(self) -> _Ending:
        """Return how the child ended, which it does once its result is closed."""
        self._control.settimeout(_GRACE_SECONDS)
        try:
            return _Ending(**orjson.loads(self._read_line()))
        except TimeoutError as error:
            raise ParserCrashed("the child closed its result and went on") from error

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


def _living_zygote(tokenizer_path: Path | None) -> _Zygote:
    global _current
    if _current is not None and not (
        _current.is_alive() and _current.tokenizer == _version(tokenizer_path)
    ):
        _current.close()
        _current = None
    if _current is None:
        _current = _Zygote(tokenizer_path)
    return _current


def _version(tokenizer_path: Path | None) -> tuple[Path, int] | None:
    """Return what changes when another tokenizer is to be used."""
    if tokenizer_path is None:
        return None
    return tokenizer_path, tokenizer_path.stat().st_mtime_ns


@contextlib.contextmanager
def _descriptor(content: IO[bytes]) -> Iterator[int]:
    """Yield a read-only descriptor of a regular file that holds the bytes of `content`.

    Only a plain file has a descriptor to be used: that of a wrapper (a compressed or a spooled
    file) may lead to other bytes than those read from it.
    """
    stream = getattr(content, "file", content)  # inside Django's File
    if isinstance(stream, io.BufferedReader) and isinstance(stream.raw, io.FileIO):
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise CorruptDocument("not a regular file")
        os.lseek(stream.fileno(), 0, os.SEEK_SET)
        yield stream.fileno()
        return
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(content, copy)
        copy.flush()
        file = os.open(f"/proc/self/fd/{copy.fileno()}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            yield file
        finally:
            os.close(file)


def close_zygote() -> None:
    """End this process's zygote now rather than after its rest (tests, orderly shutdown)."""
    global _current
    with _lock:
        if _current is not None:
            _current.close()
            _current = None
