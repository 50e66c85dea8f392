"""Documents that wait in a stage, and functions that run stages."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from ingestion import pipeline
from ingestion.attempts.locking import Attempt
from ingestion.models import Document
from ingestion.turns import Stage, claim_next
from instances.models import Instance
from instances.tenancy import tenant
from tests.factories import DocumentFactory

Add = Callable[[str, bytes], Document]
TEXT = "Règlement\n\nLe jury se réunit en juin. La soutenance a lieu en juillet."


def run_stage(document: Document) -> str | None:
    return pipeline.run_stage(Attempt.of(document))


def ingest(document: Document) -> str | None:
    return pipeline.ingest_document(Attempt.of(document))


def wait_in_line(
    instance: Instance, n: int = 1, *, status: str = "queued", **fields: Any
) -> list[Document]:
    """``n`` documents of an instance that wait in a stage."""
    return [DocumentFactory(instance=instance, status=status, **fields) for _ in range(n)]


def refreshed(document: Document) -> Document:
    with tenant(document.instance_id):
        document.refresh_from_db()
    return document


def change(document: Document, **fields: Any) -> None:
    with tenant(document.instance_id):
        Document.objects.filter(pk=document.pk).update(updated_at=timezone.now(), **fields)


def end(attempt: Attempt | None) -> None:
    """Mark the document of an attempt as ready."""
    assert attempt is not None
    with tenant(attempt.instance_id):
        Document.objects.filter(pk=attempt.document_id).update(
            status="ready", worker_seen_at=None, updated_at=timezone.now()
        )


def claimed(stage: Stage) -> int | None:
    """The instance of the next document that a worker claims, or None."""
    attempt = claim_next(stage)
    return attempt.instance_id if attempt else None
