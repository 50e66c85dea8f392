"""What the child does between fork and exit: give its rights up, parse one file, write, end."""

import os
import resource
import signal
import struct
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ingestion.chunking import chunk_document
from ingestion.chunking.tokens import TokenCounter
from ingestion.errors import (
    CorruptDocument,
    IngestionError,
    ParseMemoryExceeded,
    ParserCrashed,
    TooMuchText,
)
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.registry import parse
from ingestion.sandbox.confinement import confine, keep_descriptors
from ingestion.sandbox.namespaces import Isolation
from ingestion.sandbox.protections import Protection
from ingestion.sandbox.wire import ParsedFile, ParseRequest, dump_result, load_request

_MAX_OPEN_FILES = 64
# A file that breaks its format's rules in a way that a parser did not foresee.
_BROKEN_FILE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)


@dataclass(frozen=True, slots=True)
class Descriptors:
    """What a child is given: the file, the pipe with its request, the pipe for its result."""

    file: int
    request: int
    result: int


def run(
    given: Descriptors,
    counter: TokenCounter,
    isolation: Isolation,
    *,
    known_missing: frozenset[Protection],
    zygote_pid: int,
) -> None:
    """Parse and chunk the file and write the outcome; never returns.

    Ends at once, with the file unread, when a protection that the zygote had counted on
    (`known_missing` are the others) cannot be had.
    """
    exit_code = 1
    try:
        with os.fdopen(given.request, "rb") as pipe:
            request = load_request(pipe.read())
        root = () if isolation.root is None else (isolation.root,)
        keep_descriptors(given.file, given.result, *root)
        file = os.fdopen(given.file, "rb")
        _limit(request.limits, os.fstat(given.file).st_size)
        if confine(isolation, parent_pid=zygote_pid) <= known_missing:
            _write(given.result, _outcome(file, request, counter))
            exit_code = 0
    finally:
        os._exit(exit_code)


def _outcome(file: BinaryIO, request: ParseRequest, counter: TokenCounter) -> bytes:
    limits = request.limits
    try:
        document = parse(file, name=request.name, limits=limits)
        passages = chunk_document(
            document, name=request.name, counter=counter, chunk_tokens=request.chunk_tokens
        )
        if len(passages) > limits.max_passages:
            raise TooMuchText(f"{len(passages)} passages")
        result = dump_result(ParsedFile(document, passages))
    except IngestionError as error:
        return dump_result(error)
    except MemoryError:
        return dump_result(ParseMemoryExceeded(f"more than {limits.memory_bytes} bytes"))
    except _BROKEN_FILE as error:
        return dump_result(CorruptDocument(_told(error)))
    except Exception as error:  # noqa: BLE001 (whatever it is, the caller must know)
        return dump_result(ParserCrashed(_told(error)))
    if len(result) > limits.max_result_bytes:
        return dump_result(TooMuchText(f"{len(result)} bytes of result"))
    return result


def _told(error: BaseException) -> str:
    """Return the error and where in our code or a parser's it came from."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(frame.filename).name}:{frame.lineno})"


def _limit(limits: ParseLimits, file_bytes: int) -> None:
    """Limit this process's means; the kernel ends it where it goes beyond its time."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    # A parser may map the file, which takes addresses and no memory.
    memory = pages * resource.getpagesize() + limits.memory_bytes + file_bytes
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 5))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_MAX_OPEN_FILES, _MAX_OPEN_FILES))
    for nothing in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC):
        resource.setrlimit(nothing, (0, 0))
    for signum in (signal.SIGALRM, signal.SIGXCPU, signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.wall_seconds)


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view[: 1 << 20]) :]
