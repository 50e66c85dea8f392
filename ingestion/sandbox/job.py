"""What the child does between fork and exit: give its rights up, parse one file, write, end."""

import ctypes
import os
import resource
import signal
import struct
import traceback
from pathlib import Path

from ingestion.chunking import chunk_document
from ingestion.chunking.tokens import TokenCounter
from ingestion.errors import CorruptDocument, IngestionError, ParseMemoryExceeded, TooMuchText
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.registry import parse
from ingestion.sandbox.wire import ParsedFile, ParseRequest, dump_result

_PR_SET_PDEATHSIG = 1
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


def run(request: ParseRequest, counter: TokenCounter, result_fd: int, zygote_pid: int) -> None:
    """Parse and chunk `request` and write the outcome to `result_fd`; never returns."""
    exit_code = 1
    try:
        _die_with(zygote_pid)
        _limit(request.limits)
        _write(result_fd, _outcome(request, counter))
        exit_code = 0
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(exit_code)


def _outcome(request: ParseRequest, counter: TokenCounter) -> bytes:
    limits = request.limits
    try:
        document = parse(request.path, name=request.name, limits=limits)
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
        traceback.print_exc()
        return dump_result(CorruptDocument(f"{type(error).__name__}: {error}"))
    if len(result) > limits.max_result_bytes:
        return dump_result(TooMuchText(f"{len(result)} bytes of result"))
    return result


def _die_with(parent_pid: int) -> None:
    """Ask the kernel to kill this process when the zygote dies."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(1)


def _limit(limits: ParseLimits) -> None:
    """Lower this process's rights; the kernel ends it where it goes beyond its time."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    address_space = pages * resource.getpagesize()
    memory = address_space + limits.memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_MAX_OPEN_FILES, _MAX_OPEN_FILES))
    for signum in (signal.SIGALRM, signal.SIGXCPU, signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.wall_seconds)


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view[: 1 << 20]) :]
    os.close(fd)
