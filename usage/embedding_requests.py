"""Requests to the embedding model alone: admitted, held, and recorded however they end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter
from uuid import UUID

from inference.errors import NotCleared
from inference.offered_models import EXTRACTS
from inference.token_usage import TokenUsage
from instances.audit.refusals import record_refusal
from instances.tenancy import in_tenant
from usage.admission import held
from usage.quotas.api_requests import AdmittedRequest, admit_request
from usage.quotas.charging import Expected
from usage.quotas.subjects import QuotaHolder
from usage.recording import (
    Kind,
    MeasuredRequest,
    Outcome,
    Requester,
    record_beginning,
    record_requests,
)
from web.server.client_queries import uninterrupted


@asynccontextmanager
async def held_embedding(
    holder: QuotaHolder, *, read_tokens: int = 0
) -> AsyncIterator[AdmittedRequest]:
    """Admit a request to the embedding model, and hold its places while the block runs.

    It is recorded as failed at once, which stays if the process dies, and when the block fails; as
    stopped when the client leaves. Otherwise the block's caller records it. What was reserved is
    settled with the record. A NotCleared of the block is audited. Raises RequestRefused.
    """
    expected = Expected(model=EXTRACTS.figures, tokens=TokenUsage(read_tokens, 0))
    began, instance = perf_counter(), holder.instance
    admitted = await in_tenant(instance, _admitted_embedding, holder, expected)
    async with held(admitted.admission):
        try:
            yield admitted
        except BaseException as error:
            is_left = isinstance(error, asyncio.CancelledError)
            failed = MeasuredRequest(
                kind=Kind.EMBEDDING,
                outcome=Outcome.STOPPED if is_left else Outcome.FAILED,
                model_id=instance.embedding_model_name,
                total_ms=1000 * (perf_counter() - began),
            )
            with uninterrupted():
                await in_tenant(instance, _record, holder, admitted.request_id, failed)
            if isinstance(error, NotCleared):
                await record_refusal(instance, instance.embedding_model_name, error.level)
            raise


def _admitted_embedding(holder: QuotaHolder, expected: Expected) -> AdmittedRequest:
    admitted = admit_request(holder, expected)
    begun = MeasuredRequest(
        kind=Kind.EMBEDDING, outcome=Outcome.FAILED, model_id=holder.instance.embedding_model_name
    )
    try:
        requester = Requester.of_holder(holder)
        record_beginning(begun, request_id=admitted.request_id, requester=requester)
    except BaseException:
        admitted.admission.release()
        raise
    return admitted


def _record(holder: QuotaHolder, request_id: UUID, request: MeasuredRequest) -> None:
    record_requests([request], request_id=request_id, requester=Requester.of_holder(holder))
