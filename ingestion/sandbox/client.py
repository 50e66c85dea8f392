"""The caller's side of the sandbox: requests, their results, and the errors of children."""

import contextlib
import io
import logging
import os
import shutil
import signal
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, TypeVar

from ingestion.errors import (
    CorruptDocument,
    DocumentError,
    ParseMemoryExceeded,
    ParserCrashed,
    ParseTimeout,
    SandboxUnavailable,
)
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.ocr.data import OcrData
from ingestion.parsing.recognised import RecognisedPage
from ingestion.sandbox.page_wire import load_recognised
from ingestion.sandbox.protections import missing_message
from ingestion.sandbox.running import ChildExit, Place, Preloaded
from ingestion.sandbox.wire import (
    ParsedFile,
    ParseRequest,
    RecogniseRequest,
    Request,
    UnlockRequest,
    dump_request,
    load_result,
)

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

# A failed allocation in native code calls abort(). A child that was ended by a signal after using
# more than this share of its memory limit is reported as ParseMemoryExceeded.
_MEMORY_SHARE = 0.5
_MAX_SCANS = 4
_TIME_SIGNALS = (signal.SIGALRM, signal.SIGXCPU)
# Of this process: one zygote parses and draws, and others read pages by OCR side by side.
FILES = Place()
SCANS = tuple(Place() for _ in range(max(1, min(os.cpu_count() or 1, _MAX_SCANS))))


def _never() -> bool:
    return False


def parse_in_child(
    content: IO[bytes],
    *,
    name: str,
    tokenizer_path: Path | None,
    chunk_tokens: int,
    limits: ParseLimits | None = None,
    recognised: tuple[RecognisedPage, ...] = (),
    before_ocr: bool = False,
    is_cancelled: Callable[[], bool] = _never,
    require_protections: bool = False,
) -> ParsedFile:
    """Parse an open file in a child process and cut it into passages.

    Raises the errors of `ingestion.errors` only, whatever the file contains. Passages have at most
    `chunk_tokens` tokens, counted with the given `tokenizer.json` (None: an upper estimate).
    `name` is the name given by the user. `recognised` is what OCR read on pages that are images;
    with `before_ocr`, a document with more of those comes without passages, to be parsed again.
    The rest is as for `run_in_child`.
    """
    parsed, cpu_seconds = run_in_child(
        content,
        request=ParseRequest(name, chunk_tokens, limits or ParseLimits(), recognised, before_ocr),
        load=load_result,
        preloaded=Preloaded.of(tokenizer_path, None),
        is_cancelled=is_cancelled,
        require_protections=require_protections,
    )
    return replace(parsed, cpu_seconds=cpu_seconds)


def recognise_in_child(
    content: IO[bytes],
    *,
    number: int,
    ocr: OcrData,
    limits: ParseLimits,
    place: Place,
    is_cancelled: Callable[[], bool] = _never,
    require_protections: bool = False,
) -> tuple[RecognisedPage, float]:
    """Return what OCR reads on a page of an open file, and the processor seconds that it took.

    `place` is one of `SCANS`. The rest is as for `run_in_child`.
    """
    return run_in_child(
        content,
        request=RecogniseRequest(number, limits),
        load=load_recognised,
        preloaded=Preloaded.of(None, ocr),
        place=place,
        is_cancelled=is_cancelled,
        require_protections=require_protections,
    )


def run_in_child(
    content: IO[bytes],
    *,
    request: Request,
    load: Callable[[bytes], Result],
    preloaded: Preloaded | None = None,
    place: Place = FILES,
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
    with _descriptor(content) as file, place.running(preloaded) as zygote:
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
        detail = "" if isinstance(request, UnlockRequest) else str(error)
        logger.info("a file could not be read: %s: %.500r", error.code, detail)
        error.cpu_seconds = child_exit.cpu_seconds
        raise


def _raise_for_exit(child_exit: ChildExit, limits: ParseLimits) -> None:
    """Raise the error that corresponds to how the child ended; none for exit code 0."""
    if child_exit.exit_code == 0:
        return
    if -child_exit.exit_code in _TIME_SIGNALS:
        raise ParseTimeout(f"ended by {signal.Signals(-child_exit.exit_code).name}")
    if child_exit.memory_bytes > limits.memory_bytes * _MEMORY_SHARE:
        raise ParseMemoryExceeded(f"{child_exit} near {limits.memory_bytes} bytes")
    raise ParserCrashed(str(child_exit))


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


def close_zygotes() -> None:
    """End the zygotes of this process without waiting for their idle time to pass (for tests)."""
    for place in (FILES, *SCANS):
        place.end()
