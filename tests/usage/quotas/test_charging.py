"""Quotas at their limit: races, killed processes, periods, repeated records."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone

from inference.offered_models import EXTRACTS, ModelFigures
from inference.token_usage import TokenUsage
from instances.tenancy import tenant
from tests import factories
from tests.cast import Cast, make_cast
from tests.usage.factories import QuotaFactory
from usage.models import Quota, QuotaCharge, QuotaCounter
from usage.quotas.charging import LEASE, RENEWED_EVERY_MS, Expected, renew, reserve
from usage.quotas.refusals import QuotaReached
from usage.quotas.subjects import QuotaHolder
from usage.quotas.windows import window_of
from usage.recording import Kind, MeasuredRequest, Outcome, Requester, record_requests
from usage.tasks import expire_quota_charges

MODEL = ModelFigures(
    id="m",
    active_parameters_b=8,
    total_parameters_b=8,
    prompt_price=Decimal(1),
    completion_price=Decimal(2),
)
A_THOUSAND = Expected(model=MODEL, tokens=TokenUsage(900, 100))
FREE = Expected(model=EXTRACTS.figures, tokens=TokenUsage(0, 0))


def holder(cast: Cast) -> QuotaHolder:
    return QuotaHolder(instance=cast.instance, user=cast.teammate)


def ask(
    holder: QuotaHolder, expected: Expected = A_THOUSAND, request_id: UUID | None = None
) -> bool:
    """Reserve in a transaction of its own; whether the request is allowed."""
    try:
        with tenant(holder.instance):
            reserve(holder, request_id or uuid4(), expected)
    except QuotaReached:
        return False
    return True


def record(cast: Cast, request_id: UUID, tokens: TokenUsage, **options: Any) -> None:
    request = MeasuredRequest(
        kind=Kind.ANSWER, outcome=Outcome.COMPLETE, model_id="m", llm=MODEL, tokens=tokens
    )
    requester = Requester(instance_id=cast.instance.pk, user_id=cast.teammate.pk)
    with tenant(cast.instance):
        record_requests([request], request_id=request_id, requester=requester, **options)


def counted(quota: Quota, cast: Cast) -> tuple[Decimal, Decimal]:
    with tenant(cast.instance):
        counter = QuotaCounter.objects.get(quota=quota)
    return counter.used, counter.reserved


@pytest.mark.django_db(transaction=True)
def test_only_as_many_simultaneous_requests_pass_as_the_quotas_allow() -> None:
    cast, n = make_cast(), 12
    place = {"instance": cast.instance}
    for quota in ({"per": "member", "amount": 5}, {"per": "instance", "amount": 9}):
        QuotaFactory(**place, **quota)
    # The rest may be less than one estimate: then one request at a time uses it.
    QuotaFactory(**place, per="instance", measure="tokens", amount=3500)
    together = Barrier(n)

    def ask_at_once(_number: int) -> bool:
        try:
            together.wait(30)
            return ask(holder(cast))
        finally:
            connection.close()

    with ThreadPoolExecutor(n) as threads:
        passed = sum(threads.map(ask_at_once, range(n)))
    assert passed == 3
    with tenant(cast.instance):
        # The refused requests reserved nothing, of any quota.
        assert {counter.reserved for counter in QuotaCounter.objects.all()} == {3, 3000}


@pytest.mark.django_db(transaction=True)
def test_reservation_of_a_killed_process_expires(settings: Any) -> None:
    cast = make_cast()
    requests = QuotaFactory(instance=cast.instance, amount=2)
    tokens = QuotaFactory(instance=cast.instance, measure="tokens", amount=1000)
    connection.close()
    # The child must not use the connections of this process.
    connection.close_pool()
    if (pid := os.fork()) == 0:
        # Reserves, and is killed before it has an answer.
        ask(holder(cast))
        os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    assert counted(tokens, cast) == (0, 1000)
    assert not ask(holder(cast))
    expire_quota_charges()
    assert not ask(holder(cast)), "it has not expired yet"
    with tenant(cast.instance):
        QuotaCharge.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    expire_quota_charges()
    # It was a request, of unknown cost.
    assert counted(requests, cast) == (1, 0)
    assert counted(tokens, cast) == (0, 0)
    assert ask(holder(cast))


def test_reservation_of_a_long_request_is_renewed(cast: Cast) -> None:
    QuotaFactory(instance=cast.instance, measure="tokens", amount=1000)
    request_id, other_id = uuid4(), uuid4()
    assert ask(holder(cast), request_id=request_id)

    def lasts_until(age_ms: float, request_id: UUID) -> datetime:
        with tenant(cast.instance):
            renew(cast.instance.pk, request_id, age_ms=age_ms)
            return QuotaCharge.objects.get().expires_at

    first = lasts_until(0, request_id)
    # Once a minute, of this request only.
    assert lasts_until(RENEWED_EVERY_MS / 2, request_id) == first
    assert lasts_until(RENEWED_EVERY_MS + 900, other_id) == first
    assert lasts_until(RENEWED_EVERY_MS + 900, request_id) > first
    record(cast, request_id, TokenUsage(10, 1))
    settled = lasts_until(0, request_id)
    assert lasts_until(2 * RENEWED_EVERY_MS + 900, request_id) == settled


def test_record_replaces_the_reservation_once(cast: Cast) -> None:
    quotas = {
        measure: QuotaFactory(instance=cast.instance, measure=measure, amount=10_000)
        for measure in Quota.Measure.values
    }
    other = QuotaFactory(measure="tokens", amount=10_000, model="another")
    request_id = uuid4()
    assert ask(holder(cast), request_id=request_id)
    record(cast, request_id, TokenUsage(10, 1))
    # Its final figures, and the reconciler too late.
    record(cast, request_id, TokenUsage(1000, 500))
    record(cast, request_id, TokenUsage(7, 7), replace=False)
    assert counted(quotas["requests"], cast) == (1, 0)
    assert counted(quotas["tokens"], cast) == (1500, 0)
    assert counted(quotas["cost"], cast) == (Decimal("0.002"), 0)
    used_wh, reserved_wh = counted(quotas["energy"], cast)
    assert used_wh > 0 == reserved_wh
    with tenant(cast.instance):
        assert not QuotaCounter.objects.filter(quota=other).exists()


def test_quota_is_counted_for_its_subject(cast: Cast) -> None:
    """A member in all instances of an organisation, a key without a person, an organisation."""
    organisation = cast.instance.organisation
    second = factories.InstanceFactory(organisation=organisation)
    key = factories.ApiKeyFactory(instance=cast.instance)
    QuotaFactory(organisation=organisation, per="member")
    assert ask(QuotaHolder(instance=second, user=cast.teammate))
    assert not ask(holder(cast))
    assert ask(QuotaHolder(instance=cast.instance, user=cast.editor))
    assert ask(QuotaHolder(instance=cast.other_instance, user=cast.teammate))
    assert ask(QuotaHolder.of_key(key))
    assert not ask(QuotaHolder.of_key(key))
    QuotaFactory(per="organisation", amount=1)
    assert ask(QuotaHolder(instance=second, user=cast.owner))
    assert not ask(QuotaHolder(instance=cast.instance, user=factories.UserFactory()))


def test_extracts_remain_allowed_when_tokens_are_used_up(cast: Cast) -> None:
    QuotaFactory(instance=cast.instance, measure="tokens", amount=100)
    request_id = uuid4()
    assert ask(holder(cast), request_id=request_id)
    record(cast, request_id, TokenUsage(1000, 0))
    assert not ask(holder(cast))
    assert ask(holder(cast), FREE)


def test_quota_that_only_warns_refuses_nothing(cast: Cast) -> None:
    quota = QuotaFactory(instance=cast.instance, amount=1, is_hard=False)
    assert [ask(holder(cast)) for _ in range(3)] == [True] * 3
    assert counted(quota, cast) == (0, 3)


def test_refusal_names_whom_to_ask_and_when(cast: Cast) -> None:
    QuotaFactory(instance=cast.instance, amount=1, period="hour")
    assert ask(holder(cast))
    with pytest.raises(QuotaReached) as refused, tenant(cast.instance):
        reserve(holder(cast), uuid4(), A_THOUSAND)
    assert cast.owner.display_name in refused.value.message
    assert 0 < refused.value.retry_after_s <= 3600


PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("period", "now", "starts", "ends"),
    [
        # In UTC still the last day of February.
        ("month", (2027, 3, 1, 0, 30), (2027, 3, 1), (2027, 4, 1)),
        ("month", (2026, 12, 31, 23, 59), (2026, 12, 1), (2027, 1, 1)),
        # Days of 23 and of 25 hours.
        ("day", (2027, 3, 28, 12), (2027, 3, 28), (2027, 3, 29)),
        ("day", (2027, 10, 31, 23, 59), (2027, 10, 31), (2027, 11, 1)),
        ("hour", (2027, 3, 28, 3, 10), (2027, 3, 28, 3), (2027, 3, 28, 4)),
    ],
    ids=["month-begins", "year-ends", "clock-forward", "clock-back", "hour"],
)
def test_periods_are_those_of_the_time_zone_of_the_site(
    settings: Any, period: str, now: tuple[int, ...], starts: Any, ends: Any
) -> None:
    settings.TIME_ZONE = "Europe/Paris"
    window = window_of(period, datetime(*now, tzinfo=PARIS))
    assert window.starts_at == datetime(*starts, tzinfo=PARIS)
    assert window.ends_at == datetime(*ends, tzinfo=PARIS)


def test_lease_is_longer_than_the_reads_of_a_backend(settings: Any) -> None:
    assert LEASE.total_seconds() > settings.LLM_FIRST_BYTE_TIMEOUT_S + settings.LLM_READ_TIMEOUT_S
