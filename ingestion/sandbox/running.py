"""Zygotes as their caller sees them: started when needed, one file at a time in each `Place`.

The protocol of the control socket: each request is one byte, sent with three descriptors: the file,
a file in memory with the request of the child, and a pipe for its result. The zygote reads none of
them, so a child forked for one tenant's file holds no data of another tenant.
"""

import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import orjson

from ingestion.errors import (
    ParseCancelled,
    ParserCrashed,
    ParseTimeout,
    SandboxUnavailable,
    TooMuchText,
)
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.ocr.data import OcrData
from ingestion.sandbox.protections import Protection
from ingestion.sandbox.start import ENVIRONMENT, PROJECT, REQUEST

_MODULE = "ingestion.sandbox.zygote"
_START_SECONDS = 60
# The kernel ends the child at its limit of wall time; the caller waits this much longer.
_GRACE_SECONDS = 10
_POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Preloaded:
    """What a zygote loads for its children, besides the parsers: a ``tokenizer.json``, languages.

    ``versions`` change with the files.
    """

    tokenizer: Path | None = None
    ocr: OcrData | None = None
    versions: tuple[int, ...] = ()

    @classmethod
    def of(cls, tokenizer: Path | None, ocr: OcrData | None) -> Self:
        """Return what to load from these files, as they are now."""
        tokenizer = tokenizer.resolve() if tokenizer else None
        paths = [*([tokenizer] if tokenizer else []), *(ocr.paths if ocr else ())]
        return cls(tokenizer, ocr, tuple(path.stat().st_mtime_ns for path in paths))

    def argument(self) -> str:
        """Return it as the zygote reads it, JSON."""
        languages = self.ocr and {"folder": str(self.ocr.folder), "languages": self.ocr.languages}
        tokenizer = str(self.tokenizer) if self.tokenizer else None
        return orjson.dumps({"tokenizer": tokenizer, "ocr": languages}).decode()


@dataclass(frozen=True, slots=True)
class ChildExit:
    """How a child ended.

    `exit_code` is negative if a signal ended the child. `memory_bytes` is its peak memory beyond
    what it shared with the zygote, `cpu_seconds` the processor time that it took.
    """

    exit_code: int
    memory_bytes: int
    cpu_seconds: float


class Zygote:
    """A running zygote; OSError, EOFError and ValueError mean that it died."""

    def __init__(self, preloaded: Preloaded) -> None:
        self.owner_pid = os.getpid()
        self.preloaded = preloaded
        self._control, theirs = socket.socketpair()
        arguments = [str(theirs.fileno()), preloaded.argument()]
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

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_alive(self) -> bool:
        if self.owner_pid != os.getpid() or self._process.poll() is not None:
            return False
        return not select.select([self._control], [], [], 0)[0]  # readable: end of file

    def close(self) -> None:
        """End it, and its child."""
        self._control.close()
        if self.owner_pid == os.getpid():
            self._process.kill()
            self._process.wait()

    def run(
        self, file: int, request: bytes, limits: ParseLimits, is_cancelled: Callable[[], bool]
    ) -> tuple[bytes, ChildExit]:
        """Do what is requested of the file in a child; return what it wrote and how it ended."""
        result, result_end = os.pipe()
        request_file = os.memfd_create("request")
        try:
            with open(request_file, "wb", closefd=False) as content:
                content.write(request)
            os.lseek(request_file, 0, os.SEEK_SET)
            socket.send_fds(self._control, [REQUEST], [file, request_file, result_end])
        except BaseException:
            os.close(result)
            raise
        finally:
            for descriptor in (request_file, result_end):
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

    def _read_exit(self) -> ChildExit:
        """Return how the child ended; called after it has closed its result."""
        self._control.settimeout(_GRACE_SECONDS)
        try:
            return ChildExit(**orjson.loads(self._read_line()))
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


class Place:
    """Where one zygote runs in this process; it serves one file at a time."""

    def __init__(self) -> None:
        self.zygote: Zygote | None = None
        self._lock = threading.Lock()

    @contextmanager
    def running(self, preloaded: Preloaded | None) -> Iterator[Zygote]:
        """Yield a zygote that has loaded this (None: whatever), after those who came before."""
        with self._lock:
            found = self.zygote
            if found is not None and not (
                found.is_alive() and preloaded in (None, found.preloaded)
            ):
                self._end()
            if self.zygote is None:
                self.zygote = Zygote(preloaded or Preloaded())
            yield self.zygote

    def end(self) -> None:
        """End the zygote without waiting for its idle time to pass."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self.zygote is not None:
            self.zygote.close()
            self.zygote = None
