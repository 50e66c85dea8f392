"""Find documents whose worker died, and start a new attempt at each.

- A worker sends heartbeats (``ingestion.attempts.heartbeat``); after ``SILENCE`` without one it is
  considered dead. A document whose workers died ``MAX_INTERRUPTIONS`` times fails.
- A waiting document needs no restart: messages name no document (``ingestion.turns``), and
  ``ingestion.tasks.reconcile`` sends new ones.
- A document embedded by another model than the present one is hidden and embedded again: vectors
  of two models cannot be compared.

A query across all instances finds these documents (``instances.across_instances``); only their
instances are then visited, each as its tenant.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from ingestion.errors import ParserCrashed, ServiceError
from ingestion.indexing import statistics
from ingestion.indexing.generations import hold_active_index
from ingestion.models import Chunk, Document
from instances.across_instances import call_function
from instances.tenancy import tenant

SILENCE = timedelta(seconds=20)
MAX_INTERRUPTIONS = 3


def restart_lost_documents() -> None:
    """Queue documents again whose worker died or whose embedding model has changed."""
    for (instance_id,) in call_function("instances_embedded_otherwise", settings.EMBEDDING_MODEL):
        _hide_outdated(instance_id)
    silent_since = timezone.now() - SILENCE
    for instance_id, pk, _status, _queued_at, seen_at in call_function("unfinished_documents"):
        if seen_at is not None and seen_at < silent_since:
            _restart(instance_id, pk, silent_since=silent_since)


def _restart(instance_id: int, document_id: UUID, *, silent_since: datetime) -> None:
    """Start a new attempt if the worker is still silent; fail the document after too many."""
    with tenant(instance_id):
        document = (
            Document.with_attachments.for_instance(instance_id)
            .select_for_update(skip_locked=True)
            .filter(
                pk=document_id,
                status__in=Document.UNFINISHED,
                worker_seen_at__lt=silent_since,
            )
            .first()
        )
        if document is None:
            return
        document.attempt += 1
        document.interruptions += 1
        document.queued_at, document.worker_seen_at = timezone.now(), None
        if document.interruptions >= MAX_INTERRUPTIONS:
            was_parsed = document.status == Document.Status.EMBEDDING
            document.status = Document.Status.FAILED
            # Embedding does not read the file, so the file cannot be what ended the worker.
            document.error_code = ServiceError.code if was_parsed else ParserCrashed.code
            document.finished_at = document.queued_at
        document.save()


def _hide_outdated(instance_id: int) -> None:
    """Queue the documents embedded by another model for embedding."""
    with tenant(instance_id):
        index = hold_active_index(instance_id)
        outdated = (
            Document.with_attachments.for_instance(instance_id)
            .select_for_update(skip_locked=True)
            .filter(status=Document.Status.READY)
            .exclude(embedding_model=index.embedding_model)
        )
        for document in outdated:
            statistics.withdraw(document)
            Chunk.objects.filter(document=document, generation=index.generation).update(
                embedding=None
            )
            document.status = Document.Status.EMBEDDING
            document.attempt += 1
            document.embedded_chunks = 0
            document.queued_at, document.worker_seen_at = timezone.now(), None
            document.save()
