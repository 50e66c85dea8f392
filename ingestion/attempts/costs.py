"""The usage record of an attempt at a document: processor time, and tokens of its embedding.

One row for each attempt. It is written in the transactions that write the results, under the lock
of the document, so nothing counts twice. Until the document is published its outcome is ``failed``:
that of an attempt whose worker was killed stays so.
"""

from collections.abc import Sequence
from uuid import UUID

from django.utils import timezone

from inference.embedding.vectors import EmbeddedTexts
from inference.llm.tokens import estimate_tokens
from inference.token_usage import TokenUsage
from ingestion.attempts.document_trace import end_trace
from ingestion.attempts.locking import Attempt
from ingestion.models import Document
from usage.models import UsageRecord
from usage.recording import (
    Kind,
    MeasuredRequest,
    Outcome,
    Requester,
    record_requests,
    vectors_request,
)


def add_cost(
    document: Document,
    *,
    cpu_seconds: float = 0.0,
    n_tokens: int = 0,
    outcome: Outcome = Outcome.FAILED,
) -> None:
    """Add to the record of the document's current attempt, with its outcome so far.

    ``n_tokens`` are those that the embedding server has reported.

    Of a document that is ready or has failed, the trace ends as well. Runs inside
    ``ingestion.attempts.locking.locked``.
    """
    request_id = Attempt.of(document).request_id
    earlier = UsageRecord.objects.for_instance(document.instance_id).filter(
        request_id=request_id, kind=Kind.INGESTION
    )
    spent_seconds, read = earlier.values_list("cpu_seconds", "prompt_tokens").first() or (0.0, 0)
    started = document.started_at or document.created_at
    request = MeasuredRequest(
        kind=Kind.INGESTION,
        outcome=outcome,
        model_id=document.instance.embedding_model_name,
        tokens=TokenUsage(read + n_tokens, 0),
        cpu_seconds=spent_seconds + cpu_seconds,
        pages=document.pages,
        passages=document.embedded_chunks,
        total_ms=1000 * (timezone.now() - started).total_seconds(),
    )
    requester = Requester(instance_id=document.instance_id, user_id=document.uploaded_by_id)
    (record,) = record_requests([request], request_id=request_id, requester=requester)
    if document.status not in Document.UNFINISHED:
        end_trace(document, record)


def add_vectors(
    requester: Requester,
    request_id: UUID,
    model: str,
    embedded: EmbeddedTexts,
    texts: Sequence[str],
) -> None:
    """Add what a server other than ours embedded to its record, beside that of an attempt.

    Tokens that it does not report are estimated. Runs inside ``tenant(instance)``.
    """
    if embedded.server is None:
        return
    earlier = UsageRecord.objects.for_instance(requester.instance_id).filter(
        request_id=request_id, kind=Kind.VECTORS
    )
    before = earlier.values_list("prompt_tokens", flat=True).first() or 0
    read = embedded.n_tokens or sum(map(estimate_tokens, texts))
    tokens = TokenUsage(before + read, 0, estimated=not embedded.n_tokens)
    request = vectors_request(embedded.server, model, tokens=tokens)
    record_requests([request], request_id=request_id, requester=requester)
