"""Admission of a request of the API: its limits, its quotas, and the headers that show them."""

import math
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone

from inference.errors import NotCleared
from inference.offered_models import EXTRACTS
from inference.token_usage import TokenUsage
from instances.audit.refusals import record_refusal
from instances.models import ApiKey
from instances.tenancy import in_tenant
from usage.admission import Admission, RequestRefused, admit_question, held
from usage.models import Quota
from usage.quotas.charging import Expected, reserve, settle
from usage.quotas.refusals import QuotaReached
from usage.quotas.standings import Standing
from usage.quotas.subjects import QuotaHolder

# OpenAI's headers have these two; energy and money are on the page *Usage*.
_SHOWN = (Quota.Measure.REQUESTS, Quota.Measure.TOKENS)


@dataclass(frozen=True, slots=True)
class AdmittedRequest:
    """A request of the API that may begin: the id of its usage records, places, and headers."""

    request_id: UUID
    admission: Admission
    headers: dict[str, str]


def admit_request(key: ApiKey, expected: Expected) -> AdmittedRequest:
    """Admit a request of the API that calls a model; every such operation calls this first.

    The places are to be held or released, and a usage record with ``request_id`` written, also
    when the request fails: it settles what was reserved. Runs inside ``tenant(instance)``, in a
    thread. Raises RequestRefused, after which the transaction must be rolled back.
    """
    admission = admit_question(
        instance_id=key.instance_id, user_id=key.created_by_id, key_id=key.pk
    )
    request_id, holder = uuid4(), QuotaHolder.of_key(key)
    try:
        # Last, as it locks counters until the transaction ends.
        standings = reserve(holder, request_id, expected)
    except BaseException:
        admission.release()
        raise
    return AdmittedRequest(request_id, admission, _headers(standings))


@asynccontextmanager
async def held_request(key: ApiKey, *, read_tokens: int = 0) -> AsyncIterator[AdmittedRequest]:
    """Admit a request that our own models answer, and hold its places while the block runs.

    If the block fails, what was reserved is settled; otherwise its usage record does so. A
    NotCleared of the block is audited. Raises RequestRefused.
    """
    expected = Expected(model=EXTRACTS.figures, tokens=TokenUsage(read_tokens, 0))
    admitted = await in_tenant(key.instance_id, admit_request, key, expected)
    async with held(admitted.admission):
        try:
            yield admitted
        except BaseException as error:
            await in_tenant(key.instance_id, settle, key.instance_id, admitted.request_id)
            if isinstance(error, NotCleared):
                await record_refusal(key.instance, settings.EMBEDDING_MODEL, error.level)
            raise


def refusal_headers(error: RequestRefused) -> dict[str, str]:
    """Return the headers of the response (429) to a refused request."""
    headers = {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, QuotaReached):
        headers |= _headers([error.standing])
    return headers


def add_headers(response: HttpResponse, headers: Mapping[str, str]) -> None:
    """Add headers to a response."""
    for name, value in headers.items():
        response[name] = value


def _headers(standings: Iterable[Standing]) -> dict[str, str]:
    """Return OpenAI's ``x-ratelimit-…`` of the quota of each measure with the least left."""
    tightest: dict[str, Standing] = {}
    for standing in standings:
        measure = standing.quota.measure
        if measure in _SHOWN and standing.quota.is_hard:
            before = tightest.setdefault(measure, standing)
            tightest[measure] = min(before, standing, key=lambda one: one.remaining)
    now = timezone.now()
    return {
        name: value for measure, one in tightest.items() for name, value in _of(measure, one, now)
    }


def _of(measure: str, standing: Standing, now: datetime) -> Iterator[tuple[str, str]]:
    wait_s = max(0, math.ceil((standing.window.ends_at - now).total_seconds()))
    yield f"x-ratelimit-limit-{measure}", str(int(standing.quota.amount))
    yield f"x-ratelimit-remaining-{measure}", str(int(standing.remaining))
    yield f"x-ratelimit-reset-{measure}", f"{wait_s}s"
