"""The rows of pages that OCR reads. Writes are those of an attempt (``ingestion.attempts``)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from ingestion.attempts.costs import add_cost
from ingestion.attempts.locking import Attempt, locked
from ingestion.models import Document, ScannedPage
from ingestion.parsing.drawn_pages import PageWords
from ingestion.parsing.recognised import RecognisedPage, pack, unpack
from instances.tenancy import tenant

_Status = Document.Status


@dataclass(frozen=True, slots=True)
class PageReading:
    """What became of a page: what was read, or else the code of the error."""

    number: int
    page: RecognisedPage | None
    error_code: str
    cpu_seconds: float


def begin(attempt: Attempt, numbers: Sequence[int], method: str, *, cpu_seconds: float) -> None:
    """Replace the rows of the document by those of these pages, to be read by ``method``.

    ``cpu_seconds`` is what it took to find them.
    """
    rows = [
        ScannedPage(
            instance_id=attempt.instance_id,
            document_id=attempt.document_id,
            number=number,
            method=method,
        )
        for number in numbers
    ]
    with locked(attempt, (_Status.PARSING,)) as document:
        ScannedPage.objects.filter(document=document).delete()
        ScannedPage.objects.bulk_create(rows)
        document.scanned_pages, document.recognised_pages = len(rows), 0
        document.save(update_fields=["scanned_pages", "recognised_pages", "updated_at"])
        add_cost(document, cpu_seconds=cpu_seconds)


def has_begun(attempt: Attempt, method: str) -> bool:
    """Tell whether the pages of the document that are images are known, for this method."""
    with tenant(attempt.instance_id):
        return (
            ScannedPage.objects.for_instance(attempt.instance_id)
            .filter(document=attempt.document_id, method=method)
            .exists()
        )


def unread(attempt: Attempt) -> list[int]:
    """Return the numbers of the pages that are still to be read."""
    with tenant(attempt.instance_id):
        return list(
            ScannedPage.objects.for_instance(attempt.instance_id)
            .filter(document=attempt.document_id, content__isnull=True, error_code="")
            .order_by("number")
            .values_list("number", flat=True)
        )


def save(attempt: Attempt, reading: PageReading) -> None:
    """Keep what was read on a page, and the progress."""
    with locked(attempt, (_Status.PARSING,)) as document:
        ScannedPage.objects.filter(document=document, number=reading.number).update(
            content=pack(reading.page) if reading.page else None, error_code=reading.error_code
        )
        document.recognised_pages += 1
        # The file is not what ended a worker: each page is read in a child of its own.
        document.retries = document.interruptions = 0
        document.worker_seen_at = timezone.now()
        document.save(
            update_fields=[
                *("recognised_pages", "retries", "interruptions", "worker_seen_at", "updated_at")
            ]
        )
        add_cost(document, cpu_seconds=reading.cpu_seconds)


def recognised(attempt: Attempt) -> tuple[RecognisedPage, ...]:
    """Return what was read on the pages of the document, in order."""
    with tenant(attempt.instance_id):
        return _recognised(attempt.instance_id, attempt.document_id)


def recognised_in(document: Document) -> tuple[RecognisedPage, ...]:
    """Do as ``recognised``, of a document; inside ``tenant(instance)``."""
    return _recognised(document.instance_id, document.pk)


def _recognised(instance_id: int, document_id: UUID) -> tuple[RecognisedPage, ...]:
    contents = (
        ScannedPage.objects.for_instance(instance_id)
        .filter(document=document_id, content__isnull=False)
        .order_by("number")
        .values_list("content", flat=True)
    )
    return tuple(unpack(content) for content in contents)


def first_error(attempt: Attempt) -> str:
    """Return the code of the first error of a page, "" if all were read."""
    with tenant(attempt.instance_id):
        codes = (
            ScannedPage.objects.for_instance(attempt.instance_id)
            .filter(document=attempt.document_id)
            .exclude(error_code="")
            .order_by("number")
            .values_list("error_code", flat=True)
        )
        return codes.first() or ""


def words_of(document: Document, number: int) -> PageWords | None:
    """Return the words that OCR read on a page, with their boxes; None if it read none.

    Inside ``tenant(instance)``.
    """
    content = (
        ScannedPage.objects.for_instance(document.instance_id)
        .filter(document=document, number=number, content__isnull=False)
        .values_list("content", flat=True)
        .first()
    )
    if content is None:
        return None
    return unpack(content).placed_words
