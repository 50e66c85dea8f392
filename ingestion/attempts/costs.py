"""The usage record of an attempt at a document: processor time of parsing and embedding.

One row for each attempt. It is written in the transactions that write the results, under the lock
of the document, so nothing counts twice. Until the document is published its outcome is ``failed``:
that of an attempt whose worker was killed stays so.
"""

from django.conf import settings
from django.utils import timezone

from ingestion.attempts.document_trace import end_trace
from ingestion.attempts.locking import Attempt
from ingestion.models import Document
from usage.models import UsageRecord
from usage.recording import Kind, MeasuredRequest, Outcome, Requester, record_requests


def add_cost(
    document: Document, *, cpu_seconds: float = 0.0, outcome: Outcome = Outcome.FAILED
) -> None:
    """Add processor time to the record of the document's current attempt, with its outcome so far.

    Of a document that is ready or has failed, the trace ends as well. Runs inside
    ``ingestion.attempts.locking.locked``.
    """
    request_id = Attempt.of(document).request_id
    earlier = UsageRecord.objects.for_instance(document.instance_id).filter(
        request_id=request_id, kind=Kind.INGESTION
    )
    spent = earlier.values_list("cpu_seconds", flat=True).first() or 0.0
    started = document.started_at or document.created_at
    request = MeasuredRequest(
        kind=Kind.INGESTION,
        outcome=outcome,
        model_id=settings.EMBEDDING_MODEL,
        cpu_seconds=spent + cpu_seconds,
        pages=document.pages,
        passages=document.embedded_chunks,
        total_ms=1000 * (timezone.now() - started).total_seconds(),
    )
    requester = Requester(instance_id=document.instance_id, user_id=document.uploaded_by_id)
    (record,) = record_requests([request], request_id=request_id, requester=requester)
    if document.status not in Document.UNFINISHED:
        end_trace(document, record)
