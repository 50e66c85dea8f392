"""Find the documents that nobody works on any more, and give each a new attempt.

- A worker at work shows it every few seconds (``Attempt.beating``); one silent for ``SILENCE`` is
  dead. A document whose workers died ``MAX_INTERRUPTIONS`` times is itself suspect, and fails.
- A document that waits is lost when the broker holds fewer messages than documents wait.
- A document embedded by another model than today's is hidden, and embedded anew: vectors of two
  models cannot be compared.

PostgreSQL says which documents these are, in all instances at once
(``instances.across_instances``); only their own instances are then visited, each as its tenant.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from ingestion import statistics
from ingestion.errors import ParserCrashed, ServiceError
from ingestion.models import Chunk, Document
from instances.across_instances import ask
from instances.tenancy import tenant

SILENCE = timedelta(seconds=20)
PATIENCE = timedelta(seconds=20)
MAX_INTERRUPTIONS = 3
QUEUES = ("parse", "embed")


@dataclass(frozen=True, slots=True)
class LostDocument:
    """A document to enqueue again, with the number of its new attempt."""

    queue: str
    instance_id: int
    document_id: str
    attempt: int

    @property
    def arguments(self) -> tuple[int, str, int]:
        """What the tasks take."""
        return self.instance_id, self.document_id, self.attempt


@dataclass(frozen=True, slots=True)
class _Waiting:
    instance_id: int
    document_id: str
    queued_at: datetime


def take_up_lost_documents(waiting_messages: Callable[[str], int]) -> Iterator[LostDocument]:
    """Give each lost document a new attempt and yield it; ``waiting_messages(queue)`` counts."""
    now = timezone.now()
    for (instance_id,) in ask("instances_embedded_otherwise", settings.EMBEDDING_MODEL):
        _hide_outdated(instance_id)
    waiting: dict[str, list[_Waiting]] = defaultdict(list)
    for instance_id, pk, status, queued_at, seen_at in ask("unfinished_documents"):
        if seen_at is None:
            waiting[_queue(status)].append(_Waiting(instance_id, str(pk), queued_at))
        elif seen_at < now - SILENCE and (
            lost := _restart(instance_id, str(pk), seen_before=now - SILENCE)
        ):
            yield lost
    for queue in QUEUES:
        yield from _missing_from(queue, waiting[queue], waiting_messages, now)


def _missing_from(
    queue: str,
    waiting: list[_Waiting],
    waiting_messages: Callable[[str], int],
    now: datetime,
) -> Iterator[LostDocument]:
    """Restart as many of the longest waiting documents as the broker lacks messages."""
    overdue = sorted(
        (document for document in waiting if document.queued_at < now - PATIENCE),
        key=lambda document: document.queued_at,
    )
    if not overdue:
        return
    missing = len(waiting) - waiting_messages(queue)
    for document in overdue[: max(missing, 0)]:
        if lost := _restart(document.instance_id, document.document_id, seen_before=None):
            yield lost


def _restart(
    instance_id: int, document_id: str, *, seen_before: datetime | None
) -> LostDocument | None:
    """Move a document to a new attempt, if it is still lost; fail it when it kills its workers."""
    with tenant(instance_id):
        lost = (
            {"worker_seen_at__isnull": True}
            if seen_before is None
            else {"worker_seen_at__lt": seen_before}
        )
        document = (
            Document.objects.for_instance(instance_id)
            .select_for_update(skip_locked=True)
            .filter(pk=document_id, status__in=Document.UNFINISHED, **lost)
            .first()
        )
        if document is None:
            return None
        document.attempt += 1
        document.interruptions += seen_before is not None
        document.queued_at, document.worker_seen_at = timezone.now(), None
        suspect = document.interruptions >= MAX_INTERRUPTIONS
        if suspect:
            was_parsed = document.status == Document.Status.EMBEDDING
            document.status = Document.Status.FAILED
            # Embedding reads no file: whatever ends its workers is not the file's fault.
            document.error_code = ServiceError.code if was_parsed else ParserCrashed.code
            document.finished_at = document.queued_at
        document.save()
    if suspect:
        return None
    return LostDocument(_queue(document.status), instance_id, document_id, document.attempt)


def _hide_outdated(instance_id: int) -> None:
    """Send the documents embedded by another model back to embedding, where they wait."""
    with tenant(instance_id):
        outdated = (
            Document.objects.for_instance(instance_id)
            .select_for_update(skip_locked=True)
            .filter(status=Document.Status.READY)
            .exclude(embedding_model=settings.EMBEDDING_MODEL)
        )
        for document in outdated:
            statistics.withdraw(document)
            Chunk.objects.filter(document=document).update(embedding=None)
            document.status = Document.Status.EMBEDDING
            document.attempt += 1
            document.embedded_chunks = 0
            # Nobody has queued it, so it need not be waited for.
            document.queued_at, document.worker_seen_at = timezone.now() - 2 * PATIENCE, None
            document.save()


def _queue(status: str) -> str:
    return "embed" if status == Document.Status.EMBEDDING else "parse"
