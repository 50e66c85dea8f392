"""The usage records of an index: one for each document, as of an attempt at ingesting it."""

from uuid import UUID, uuid5

from ingestion.models import Document, IndexGeneration
from usage.models import UsageRecord
from usage.recording import Kind, MeasuredRequest, Outcome, Requester, record_requests


def record_cost(
    generation: IndexGeneration,
    document: Document,
    *,
    cpu_seconds: float,
    n_passages: int,
    model: str,
) -> None:
    """Add to the record of a document in an index; runs inside ``tenant(instance)``."""
    request_id = request_id_of(generation, document)
    earlier = (
        UsageRecord.objects.for_instance(generation.instance_id)
        .filter(request_id=request_id, kind=Kind.INGESTION)
        .values_list("cpu_seconds", "passages")
        .first()
    )
    spent, embedded = earlier or (0.0, 0)
    request = MeasuredRequest(
        kind=Kind.INGESTION,
        outcome=Outcome.COMPLETE,
        model_id=model,
        cpu_seconds=spent + cpu_seconds,
        pages=document.pages,
        passages=embedded + n_passages,
        total_ms=1000 * (spent + cpu_seconds),
    )
    requester = Requester(instance_id=generation.instance_id, user_id=generation.requested_by_id)
    record_requests([request], request_id=request_id, requester=requester)


def request_id_of(generation: IndexGeneration, document: Document) -> UUID:
    """Return what the usage record of a document in an index is known by."""
    return uuid5(document.pk, f"index {generation.number}")
