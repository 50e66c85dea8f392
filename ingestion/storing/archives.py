"""Archives: each file in one becomes a document of its own, in a folder named for the archive.

    archive → batch of members → a document each → … → archive deleted, or what it lacks said

An archive is a document until it is unpacked; so is a PDF portfolio, whose page is but a cover.
Between two batches (``ingestion.storing.members``) other documents may have their turn.
"""

from threading import Event

from django.utils import timezone

from ingestion.attempts import transitions
from ingestion.attempts.locking import Attempt, locked
from ingestion.errors import ArchiveIncomplete, UnsafeDocument
from ingestion.models import Document
from ingestion.parse_warnings import ParseWarning, WarningCode
from ingestion.storing.members import MAX_NESTING, add_warnings, next_batch, store_members
from ingestion.storing.stored_files import delete_with_file

_Status = Document.Status


def unpack_archive(attempt: Attempt, document: Document, cancelled: Event) -> Document.Status:
    """Store the next members of an archive; after the last, delete it or say what it lacks."""
    if document.nesting > MAX_NESTING:
        raise UnsafeDocument(f"an archive in {document.nesting} files")
    batch = next_batch(document, cancelled)
    store_members(attempt, batch.members)
    if batch.is_last:
        return _finish(attempt, is_damaged=batch.is_damaged)
    transitions.release(attempt)
    return _Status.PARSING


def _finish(attempt: Attempt, *, is_damaged: bool) -> Document.Status:
    """Delete an archive whose members are all documents now; keep one of which something must be
    said, as failed."""
    with locked(attempt, Document.UNFINISHED) as archive:
        if is_damaged:
            add_warnings(archive, ParseWarning(WarningCode.DAMAGED_FILE))
        if not archive.warnings:
            delete_with_file(archive)
            return _Status.READY
        archive.status = _Status.FAILED
        archive.error_code = ArchiveIncomplete.code
        archive.finished_at = timezone.now()
        archive.worker_seen_at = None
        archive.save()
    return _Status.FAILED
