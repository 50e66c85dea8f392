"""The changes of a document's status that a worker makes in any stage.

Each is a short transaction and raises ``StaleAttempt`` when the attempt is no longer current. For
the changes that a stage writes with its result, see ``ingestion.indexing.writing``.
"""

from collections.abc import Collection
from datetime import timedelta

from django.utils import timezone

from inference.errors import NotCleared
from ingestion.attempts.costs import add_cost
from ingestion.attempts.locking import Attempt, locked
from ingestion.errors import RecordingNotCleared
from ingestion.models import Document
from instances import audit

# Pauses before an automatic retry: 2 s, 4 s … 10 minutes, for about two days.
FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 600.0
MAX_RETRIES = 300

_Status = Document.Status


def claim(attempt: Attempt, expected: Collection[str] = Document.UNFINISHED) -> Document:
    """Mark the document as under way in its stage and return it."""
    with locked(attempt, expected) as document:
        if document.status == _Status.QUEUED:
            document.status = _Status.PARSING
        document.worker_seen_at = timezone.now()
        document.started_at = document.started_at or document.worker_seen_at
        document.save(update_fields=["status", "worker_seen_at", "started_at", "updated_at"])
    return document


def release(attempt: Attempt) -> None:
    """Return the document to the queue of its stage."""
    with locked(attempt, Document.UNFINISHED) as document:
        document.queued_at, document.worker_seen_at = timezone.now(), None
        document.save(update_fields=["queued_at", "worker_seen_at", "updated_at"])


def postpone(attempt: Attempt, code: str) -> None:
    """Schedule an automatic retry after a pause, which doubles each time.

    After ``MAX_RETRIES`` without progress the document fails with ``code``.
    """
    with locked(attempt, Document.UNFINISHED) as document:
        if document.retries >= MAX_RETRIES:
            _fail(document, code)
            return
        pause_s = min(FIRST_PAUSE_S * 2 ** min(document.retries, 10), LONGEST_PAUSE_S)
        document.retries += 1
        document.queued_at = timezone.now() + timedelta(seconds=pause_s)
        document.worker_seen_at = None
        document.save(update_fields=["retries", "queued_at", "worker_seen_at", "updated_at"])


def fail(attempt: Attempt, code: str, *, cpu_seconds: float = 0.0) -> None:
    """Mark the document as failed, with the code of the error and what finding it took."""
    with locked(attempt, Document.UNFINISHED) as document:
        _fail(document, code, cpu_seconds=cpu_seconds)


def _fail(document: Document, code: str, *, cpu_seconds: float = 0.0) -> None:
    document.status = _Status.FAILED
    document.error_code = code
    document.finished_at = timezone.now()
    document.save()
    if code in (NotCleared.code, RecordingNotCleared.code):
        is_recording = code == RecordingNotCleared.code
        target = "" if is_recording else document.instance.embedding_model_name
        audit.record(
            audit.Action.SENDING_REFUSED,
            instance=document.instance,
            target=target,
            sensitivity=document.level.value,
        )
    add_cost(document, cpu_seconds=cpu_seconds)
