"""The child's work between fork and exit: drop its rights, read one file, write the result."""

import os
import resource
import signal
import struct
import traceback
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
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
from ingestion.parsing.detection import ole2
from ingestion.parsing.drawing import draw_page, page_words
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.ocr.page import recognise_page
from ingestion.parsing.protected.unlock import without_password
from ingestion.parsing.recordings.decoding import decode_part
from ingestion.parsing.registry import parse
from ingestion.parsing.unpacking.unpack import unpack
from ingestion.sandbox.confinement import confine, keep_descriptors
from ingestion.sandbox.namespaces import Isolation
from ingestion.sandbox.page_wire import dump_picture, dump_recognised, dump_sound, dump_words
from ingestion.sandbox.protections import Protection
from ingestion.sandbox.wire import (
    ParsedFile,
    ParseRequest,
    PictureRequest,
    RecogniseRequest,
    Request,
    SoundRequest,
    UnlockRequest,
    UnpackRequest,
    WordsRequest,
    dump_batch,
    dump_result,
    dump_unlocked,
    load_request,
)

_MAX_OPEN_FILES = 64
# A user may have no more processes and threads when a parser needs one; fork is denied anyhow.
_MAX_THREADS = 4096
_NICENESS = 5
# Errors of a parser that are taken to mean a corrupt file.
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
    """The descriptors passed to a child: the file, its request, a pipe for the result."""

    file: int
    request: int
    result: int


def run(
    descriptors: Descriptors,
    counter: TokenCounter,
    isolation: Isolation,
    *,
    known_missing: frozenset[Protection],
    zygote_pid: int,
) -> None:
    """Do what is requested of the file, write the result and exit; never returns.

    Exits without reading the file if a protection is missing that the zygote did not report
    (`known_missing`).
    """
    exit_code = 1
    try:
        with os.fdopen(descriptors.request, "rb") as content:
            request = load_request(content.read())
        if isinstance(request, RecogniseRequest):
            os.nice(_NICENESS)  # a long work, which people who ask do not wait for
        root = () if isolation.root is None else (isolation.root,)
        keep_descriptors(descriptors.file, descriptors.result, *root)
        file = os.fdopen(descriptors.file, "rb")
        # office-oxide, which reads these files, starts a thread for each.
        is_ole2 = os.pread(descriptors.file, len(ole2.MAGIC), 0) == ole2.MAGIC
        _limit(request.limits, os.fstat(descriptors.file).st_size, may_start_threads=is_ole2)
        missing = confine(isolation, parent_pid=zygote_pid, may_start_threads=is_ole2)
        if missing <= known_missing:
            _write(descriptors.result, _result(file, request, counter))
            exit_code = 0
    finally:
        os._exit(exit_code)


def _result(file: BinaryIO, request: Request, counter: TokenCounter) -> bytes:
    limits = request.limits
    try:
        match request:
            case ParseRequest():
                result = _parsed(file, request, counter)
            case PictureRequest(number, width):
                result = dump_picture(draw_page(file, number, width))
            case WordsRequest(number):
                result = dump_words(page_words(file, number))
            case UnlockRequest(password):
                result = dump_unlocked(without_password(file, password))
            case UnpackRequest(media_type, name, start, unpack_limits):
                result = dump_batch(
                    unpack(
                        file, media_type=media_type, name=name, start=start, limits=unpack_limits
                    )
                )
            case RecogniseRequest(number):
                result = dump_recognised(recognise_page(file, number))
            case SoundRequest(media_type, start_ms):
                result = dump_sound(decode_part(file, media_type=media_type, start_ms=start_ms))
    except IngestionError as error:
        return dump_result(error)
    except MemoryError:
        return dump_result(ParseMemoryExceeded(f"more than {limits.memory_bytes} bytes"))
    except _BROKEN_FILE as error:
        return dump_result(CorruptDocument(_describe(error)))
    except Exception as error:  # noqa: BLE001 (every error is reported to the caller)
        return dump_result(ParserCrashed(_describe(error)))
    if len(result) > limits.max_result_bytes:
        return dump_result(TooMuchText(f"{len(result)} bytes of result"))
    return result


def _parsed(file: BinaryIO, request: ParseRequest, counter: TokenCounter) -> bytes:
    document = parse(
        file,
        name=request.name,
        limits=request.limits,
        recognised={page.number: page for page in request.recognised},
        before_ocr=request.before_ocr,
    )
    if document.is_cover or (request.before_ocr and document.scanned):
        return dump_result(ParsedFile(document, ()))
    parsed = perf_counter()
    passages = chunk_document(
        document, name=request.name, counter=counter, chunk_tokens=request.chunk_tokens
    )
    if len(passages) > request.limits.max_passages:
        raise TooMuchText(f"{len(passages)} passages")
    return dump_result(ParsedFile(document, passages, perf_counter() - parsed))


def _describe(error: BaseException) -> str:
    """Return the error with the file and line that raised it."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(frame.filename).name}:{frame.lineno})"


def _limit(limits: ParseLimits, file_bytes: int, *, may_start_threads: bool) -> None:
    """Limit memory, files and time of this process; the kernel ends it when time is over."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    # A parser may map the file, which uses address space without using memory.
    memory = pages * resource.getpagesize() + limits.memory_bytes + file_bytes
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 5))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_MAX_OPEN_FILES, _MAX_OPEN_FILES))
    threads = _MAX_THREADS if may_start_threads else 0
    resource.setrlimit(resource.RLIMIT_NPROC, (threads, threads))
    for forbidden in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        resource.setrlimit(forbidden, (0, 0))
    for signum in (signal.SIGALRM, signal.SIGXCPU, signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.wall_seconds)


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view[: 1 << 20]) :]
