"""Read the pages of a document by OCR, several at a time, for the time of a turn."""

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from queue import SimpleQueue
from threading import Event

from django.conf import settings

from ingestion import storage
from ingestion.attempts.locking import Attempt
from ingestion.errors import DocumentError
from ingestion.models import Document
from ingestion.parsing.limits import MIB, ParseLimits
from ingestion.parsing.ocr.data import OcrData
from ingestion.recognition import pages
from ingestion.recognition.pages import PageReading
from ingestion.sandbox import SCANS, recognise_in_child

# Then other documents have their turn (``ingestion.turns``).
TURN_S = 10.0
# Of one page: many times what the worst takes.
_CPU_SECONDS = 60
_WALL_SECONDS = 300
_MAX_RESULT_BYTES = 8 * MIB


def available_ocr() -> OcrData | None:
    """Return the languages of OCR; None if the operator chose none, or a file is missing."""
    data = OcrData(settings.OCR_DATA_DIR, tuple(settings.OCR_LANGUAGES))
    return data if data.is_complete else None


def read_scans(attempt: Attempt, document: Document, ocr: OcrData, cancelled: Event) -> bool:
    """Read pages that are not read yet, for ``TURN_S``; return whether none is left.

    A page that cannot be read keeps its error. Raises ``SandboxUnavailable``, ``ParseCancelled``
    and ``StaleAttempt``.
    """
    numbers = iter(pages.unread(attempt))
    deadline = time.monotonic() + TURN_S
    stopped = Event()
    reader = _Reader(document, ocr, lambda: stopped.is_set() or cancelled.is_set())
    with ThreadPoolExecutor(len(SCANS)) as pool:
        try:
            running = {pool.submit(reader.read, number) for number in islice(numbers, len(SCANS))}
            while running:
                done, running = _first_done(running)
                for future in done:
                    pages.save(attempt, future.result())
                    if time.monotonic() < deadline:
                        following = islice(numbers, 1)
                        running |= {pool.submit(reader.read, number) for number in following}
        finally:
            stopped.set()
    return next(numbers, None) is None


def _first_done(
    running: set[Future[PageReading]],
) -> tuple[set[Future[PageReading]], set[Future[PageReading]]]:
    done, others = wait(running, return_when=FIRST_COMPLETED)
    return done, others


class _Reader:
    """Reads pages of one document, from several threads, which write nothing to the database."""

    def __init__(self, document: Document, ocr: OcrData, is_cancelled: Callable[[], bool]) -> None:
        self._document, self._ocr, self._is_cancelled = document, ocr, is_cancelled
        self._free = SimpleQueue[int]()
        for place in range(len(SCANS)):
            self._free.put(place)
        self._limits = ParseLimits(
            memory_bytes=settings.PARSE_MEMORY_BYTES,
            cpu_seconds=_CPU_SECONDS,
            wall_seconds=_WALL_SECONDS,
            max_result_bytes=_MAX_RESULT_BYTES,
        )

    def read(self, number: int) -> PageReading:
        place = self._free.get()
        try:
            # Opened for each page: children that share a descriptor share its position.
            with storage.opened(self._document.file) as content:
                page, cpu_seconds = recognise_in_child(
                    content,
                    number=number,
                    ocr=self._ocr,
                    limits=self._limits,
                    place=SCANS[place],
                    is_cancelled=self._is_cancelled,
                    require_protections=settings.SANDBOX_REQUIRED,
                )
        except DocumentError as error:
            return PageReading(number, None, error.code, 0.0)
        finally:
            self._free.put(place)
        return PageReading(number, page, "", cpu_seconds)
