"""Upload, retitle, retry, cancel and delete documents.

All functions run inside ``tenant(instance)``; tasks are enqueued when that transaction commits.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from ingestion import tasks
from ingestion.errors import ParseCancelled
from ingestion.indexing import statistics
from ingestion.models import Document
from ingestion.storing.stored_files import (
    AcceptedFile,
    delete_with_file,
    store_accepted,
    store_file,
)
from instances.quotas import lock_totals

# The priority of a document that goes before others.
FIRST = 1


def store_upload(*, accepted: AcceptedFile | None = None, **upload: Any) -> tuple[Document, bool]:
    """Store an uploaded file and queue it: arguments, result and errors as of ``store_file``.

    A file that was accepted before is stored as by ``store_accepted``.
    """
    if accepted is None:
        document, is_new = store_file(**upload)
    else:
        document, is_new = store_accepted(accepted, **upload)
    if is_new:
        _enqueue()
    return document, is_new


def retitle(document: Document, title: str) -> None:
    """Change a document's title; lexical search finds its passages by the new one at once."""
    locked = Document.objects.select_for_update().get(pk=document.pk)
    locked.title, locked.title_is_edited = title, bool(title)
    locked.save(update_fields=["title", "title_is_edited", "updated_at"])
    if locked.status == Document.Status.READY:
        for generation in statistics.withdraw(locked):
            statistics.make_searchable(locked, generation)


def retry(documents: Sequence[Document]) -> int:
    """Restart failed documents of one instance from the beginning; return how many.

    At most ``RETRIES_AT_ONCE``, and as many as keep the instance at ``RETRIES_WAITING`` or fewer.
    """
    if not documents:
        return 0
    # Locks the instance, so that concurrent requests together do not exceed the limit.
    lock_totals(documents[0].instance_id)
    room = max(0, settings.RETRIES_WAITING - _retries_waiting(documents[0].instance_id))
    restarted = documents[: min(room, settings.RETRIES_AT_ONCE)]
    for document in restarted:
        _restart(document, status=Document.Status.QUEUED, error_code="")
        _enqueue()
    return len(restarted)


def reindex(documents: Sequence[Document]) -> int:
    """Read and embed ready documents again; return how many. Until then no answer uses them."""
    ready = [document for document in documents if document.status == Document.Status.READY]
    for document in ready:
        statistics.withdraw(document)
        _restart(document, status=Document.Status.QUEUED, error_code="")
        _enqueue()
    return len(ready)


def put_first(documents: QuerySet[Document]) -> int:
    """Let the unfinished of some documents go before the others of their instance; return how many.

    Other instances do not wait for them (``ingestion.turns``).
    """
    waiting = documents.filter(status__in=Document.UNFINISHED)
    n: int = waiting.update(priority=FIRST, updated_at=timezone.now())
    return n


def cancel_all(documents: QuerySet[Document]) -> int:
    """Cancel the unfinished of some documents, as ``cancel`` does; return how many."""
    now = timezone.now()
    n: int = documents.filter(status__in=Document.UNFINISHED).update(
        status=Document.Status.FAILED,
        error_code=ParseCancelled.code,
        attempt=F("attempt") + 1,
        interruptions=0,
        retries=0,
        worker_seen_at=None,
        started_at=None,
        queued_at=now,
        finished_at=now,
        updated_at=now,
    )
    return n


def cancel(document: Document) -> None:
    """Cancel an unfinished document; its worker stops at the next heartbeat."""
    if document.status in Document.UNFINISHED:
        _restart(document, status=Document.Status.FAILED, error_code=ParseCancelled.code)
        Document.objects.filter(pk=document.pk).update(finished_at=timezone.now())


def delete(document: Document) -> None:
    """Delete a document or an attachment with its pages, passages, vectors and file."""
    Document.with_attachments.select_for_update().get(pk=document.pk)
    statistics.withdraw(document)
    delete_with_file(document)


def _restart(document: Document, *, status: Document.Status, error_code: str) -> None:
    """Start a new attempt at a document, which makes the current one stale."""
    locked = Document.objects.select_for_update().get(pk=document.pk)
    locked.status = status
    locked.error_code = error_code
    locked.attempt += 1
    locked.interruptions = locked.retries = 0
    locked.queued_at = timezone.now()
    locked.worker_seen_at = locked.started_at = locked.finished_at = None
    locked.save()
    document.refresh_from_db()


def _retries_waiting(instance_id: int) -> int:
    """Return the number of documents of an instance that wait to be parsed again."""
    waiting = Document.objects.for_instance(instance_id).filter(status=Document.Status.QUEUED)
    return waiting.filter(attempt__gt=1).count()


def _enqueue() -> None:
    transaction.on_commit(partial(tasks.enqueue, tasks.parse))
