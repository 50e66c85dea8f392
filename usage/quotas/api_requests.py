"""Admission of a request of the API: its limits, its quotas, and the headers that show them."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.http import HttpResponse
from django.utils import timezone

from usage.admission import Admission, RequestRefused, admit_question
from usage.models import Quota
from usage.quotas.charging import Expected, reserve
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


def admit_request(holder: QuotaHolder, expected: Expected) -> AdmittedRequest:
    """Admit a request that calls a model; every such operation of the API calls this first.

    The places are to be held or released, and a usage record with ``request_id`` written, also
    when the request fails: it settles what was reserved. Runs inside ``tenant(instance)``, in a
    thread. Raises RequestRefused, after which the transaction must be rolled back.
    """
    admission = admit_question(
        instance_id=holder.instance.pk, user_id=holder.user_id, key_id=holder.key_id
    )
    request_id = uuid4()
    with admission.released_on_error():
        # Last, as it locks counters until the transaction ends.
        standings = reserve(holder, request_id, expected)
    return AdmittedRequest(request_id, admission, _headers(standings))


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
