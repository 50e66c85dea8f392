"""The caller's side of the sandbox: one zygote per process, one file at a time."""

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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TypeVar

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
from ingestion.sandbox import wire
from ingestion.sandbox.protections import Protection, missing_message
from ingestion.sandbox.protocol import REQUEST
from ingestion.sandbox.start import ENVIRONMENT, PROJECT
from ingestion.sandbox.wire import ParsedFile, ParseRequest, Request, dump_request, load_result

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

_MODULE = "ingestion.sandbox.zygote"
_START_SECONDS = 60
# The kernel ends the child at its limit of wall time; the caller waits this much longer.
_GRACE_SECONDS = 10
_POLL_SECONDS = 0.5
# A failed allocation in native code calls abort(). A child that was ended by a signal after using
# more than this share of its memory limit is reported as ParseMemoryExceeded.
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
    """Parse an open file in a child process and cut it into passages.

    Raises the errors of `ingestion.errors` only, whatever the file contains. Passages have at most
    `chunk_tokens` tokens, counted with the given `tokenizer.json` (None: an upper estimate).
    `name` is the name given by the user. The rest is as for `run_in_child`.
    """
    parsed, cpu_seconds = run_in_child(
        content,
        request=ParseRequest(name, chunk_tokens, limits or ParseLimits()),
        load=load_result,
        tokenizer_path=tokenizer_path,
        is_cancelled=is_cancelled,
        require_protections=require_protections,
    )
    return replace(parsed, cpu_seconds=cpu_seconds)


def run_in_child(
    content: IO[bytes],
    *,
    request: Request,
    load: Callable[[bytes], Result],
    tokenizer_path: Path | None = None,
    is_cancelled: Callable[[], bool] = _never,
    require_protections: bool = False,
) -> tuple[Result, float]:
    """Return what `load` makes of the answer of a child to a request about an open file, and the
    processor seconds of the child.

    Raises the errors of `ingestion.errors` only. `is_cancelled` is called about twice a second.
    With `require_protections`, a machine that lacks one of `Protection` raises SandboxUnavailable.
    Content other than a regular file is first copied to a temporary file.
    """
    limits = request.limits
    with _descriptor(content) as file, _lock:
        zygote = _running_zygote(tokenizer_path.resolve() if tokenizer_path else None)
        if require_protections and zygote.missing:
            raise SandboxUnavailable(missing_message(zygote.missing))
        try:
            data, child_exit = zygote.run(file, dump_request(request), limits, is_cancelled)
        except (OSError, EOFError, ValueError) as error:
            zygote.close()
            raise SandboxUnavailable(f"the zygote died: {error}") from error
        except BaseException:
            zygote.close()  # this also kills the child
            raise
    try:
        _raise_for_exit(child_exit, limits)
        return load(data), child_exit.cpu_seconds
    except DocumentError as error:
        # The child is not trusted: %r escapes line breaks, so that it cannot forge log lines. One
        # that knows a password could tell it.
        detail = "" if isinstance(request, wire.UnlockRequest) else str(error)
        logger.info("a file could not be read: %s: %.500r", error.code, detail)
        raise


@dataclass(frozen=True, slots=True)
class _ChildExit:
    """How a child ended.

    `exit_code` is negative if a signal ended the child. `memory_bytes` is its peak memory beyond
    what it shared with the zygote, `cpu_seconds` the processor time that it took.
    """

    exit_code: int
    memory_bytes: int
    cpu_seconds: float


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
        return not select.select([self._control], [], [], 0)[0]  # readable: end of file

    def close(self) -> None:
        self._control.close()
        if self.owner_pid == os.getpid():
            self._process.kill()
            self._process.wait()

    def run(
        self, file: int, request: bytes, limits: ParseLimits, is_cancelled: Callable[[], bool]
    ) -> tuple[bytes, _ChildExit]:
        """Parse the file in a child; return the bytes that it wrote and how it ended."""
        result, result_end = os.pipe()
        request_end, request_pipe = os.pipe()
        try:
            # A request is smaller than the buffer of a pipe, so this write does not block.
            os.write(request_pipe, request)
            socket.send_fds(self._control, [REQUEST], [file, request_end, result_end])
        except BaseException:
            os.close(result)
            raise
        finally:
            for descriptor in (request_pipe, request_end, result_end):
                os.close(descriptor)
        try:
            return self._read_result(result, limits, is_cancelled), self._read_exit()
        finally:
            os.close(result)

    def _read_result(
        self, result: int, limits: ParseLimits, is_cancelled: Callable[[], bool]
    ) -> bytes:
        """Return all that the child writes; raises when a limit is exceeded or on cancellation."""
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

    def _read_exit(self) -> _ChildExit:
        """Return how the child ended; called after it has closed its result."""
        self._control.settimeout(_GRACE_SECONDS)
        try:
            return _ChildExit(**orjson.loads(self._read_line()))
        except TimeoutError as error:
            raise ParserCrashed("the child closed its result without exiting") from error

    def _read_line(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            block = self._control.recv(4096)
            if not block:
                raise EOFError("end of file")
            line += block
        return line


def _raise_for_exit(child_exit: _ChildExit, limits: ParseLimits) -> None:
    """Raise the error that corresponds to how the child ended; none for exit code 0."""
    if child_exit.exit_code == 0:
        return
    if -child_exit.exit_code in _TIME_SIGNALS:
        raise ParseTimeout(f"ended by {signal.Signals(-child_exit.exit_code).name}")
    if child_exit.memory_bytes > limits.memory_bytes * _MEMORY_SHARE:
        raise ParseMemoryExceeded(f"{child_exit} near {limits.memory_bytes} bytes")
    raise ParserCrashed(str(child_exit))


_lock = threading.Lock()
_current: _Zygote | None = None


def _running_zygote(tokenizer_path: Path | None) -> _Zygote:
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
    """Return a value that changes when the tokenizer file changes."""
    if tokenizer_path is None:
        return None
    return tokenizer_path, tokenizer_path.stat().st_mtime_ns


@contextlib.contextmanager
def _descriptor(content: IO[bytes]) -> Iterator[int]:
    """Yield a read-only descriptor of a regular file that holds the bytes of `content`.

    Only the descriptor of a plain file is used as it is. That of a wrapper (a compressed or spooled
    file) may give other bytes than reading the wrapper; such content is copied.
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
    """End the zygote of this process without waiting for its idle time to pass (for tests)."""
    global _current
    with _lock:
        if _current is not None:
            _current.close()
            _current = None
