"""Usage records: each request once, with who pays; estimates from past answers."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from inference.catalogue import offered_models
from inference.offered_models import ModelFigures
from inference.token_usage import TokenUsage
from instances.models import Instance, Organisation
from instances.tenancy import tenant
from tests import factories
from tests.cast import Cast
from tests.usage.factories import UsageRecordFactory
from usage.estimates import estimates, past_estimates
from usage.models import UsageRecord
from usage.occupations import trade_of
from usage.recording import (
    Kind,
    MeasuredRequest,
    Outcome,
    Requester,
    record_beginning,
    record_progress,
    record_requests,
)
from usage.request_costs import RequestCost, request_costs

MODEL = ModelFigures(
    id="m",
    active_parameters_b=8.0,
    total_parameters_b=8.0,
    prompt_price=Decimal(1),
    completion_price=Decimal(2),
    backend_id=7,
    backend_name="GPU",
)
WRITTEN = MeasuredRequest(
    kind=Kind.ANSWER,
    outcome=Outcome.COMPLETE,
    model_id="m",
    llm=MODEL,
    tokens=TokenUsage(1000, 100, cached_tokens=10),
    queue_ms=5.0,
    total_ms=2000,
)
SEARCH = MeasuredRequest(
    kind=Kind.EMBEDDING, outcome=Outcome.COMPLETE, model_id="e5", cpu_seconds=0.1
)


def test_progress_that_comes_late_changes_nothing(cast: Cast) -> None:
    request_id = uuid4()
    requester = Requester(instance_id=cast.instance.pk, user_id=cast.teammate.pk)
    begun = replace(WRITTEN, outcome=Outcome.FAILED, tokens=None, total_ms=0.0)
    later = replace(WRITTEN, outcome=Outcome.FAILED, total_ms=1000)
    with tenant(cast.instance):
        record_beginning(begun, request_id=request_id, requester=requester)
        assert UsageRecord.objects.get().outcome == "failed"
        for outcomes in ([begun, later], [later, begun]):
            for request in outcomes:
                record_progress(request, request_id=request_id, requester=requester)
            record = UsageRecord.objects.get()
            assert (record.total_ms, record.prompt_tokens, record.cost) == (
                1000,
                1000,
                Decimal("0.0012"),
            )
            assert record.pseudonym == cast.teammate.pseudonym
        record_requests([WRITTEN], request_id=request_id, requester=requester)
        record_progress(later, request_id=request_id, requester=requester)
        assert UsageRecord.objects.get().outcome == "complete"


def test_request_recorded_again_counts_once(cast: Cast) -> None:
    request_id = uuid4()
    requester = Requester(instance_id=cast.instance.pk, user_id=cast.teammate.pk)
    again = replace(WRITTEN, outcome=Outcome.STOPPED, tokens=TokenUsage(1, 1))
    with tenant(cast.instance):
        record_requests([again], request_id=request_id, requester=requester)
        record_requests([WRITTEN, SEARCH], request_id=request_id, requester=requester)
        # The reconciler, too late.
        record_requests([again], request_id=request_id, requester=requester, replace=False)
        cost = request_costs(cast.instance.pk, [request_id])[request_id]
    assert UsageRecord.objects.count() == 0
    written, search = cost.records
    assert (written.outcome, written.prompt_tokens, written.cached_tokens) == ("complete", 1000, 10)
    assert (written.cost, written.currency) == (Decimal("0.0012"), "EUR")
    assert (written.backend_id, written.backend_name, written.queue_ms) == (7, "GPU", 5)
    assert written.pseudonym == search.pseudonym == cast.teammate.pseudonym
    # The search has another method: it stands beside.
    assert (cost.energy_wh, cost.beside) == (written.energy_wh, (search,))


def test_rows_have_every_digit_of_their_records(cast: Cast) -> None:
    requester = Requester(instance_id=cast.instance.pk, user_id=cast.teammate.pk)
    odd = replace(WRITTEN, tokens=TokenUsage(1237, 101, cached_tokens=11), latency_s=1 / 3)
    local = replace(SEARCH, cpu_seconds=0.1 + 0.2)
    with tenant(cast.instance):
        records = record_requests([odd, local], request_id=uuid4(), requester=requester)
        for record in records:
            row = UsageRecord.objects.get(pk=record.pk)
            assert {
                field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields
            } == {
                field.attname: getattr(record, field.attname)
                for field in record._meta.concrete_fields
            }


def test_transcription_is_recorded_with_the_length_of_its_recording(cast: Cast) -> None:
    requester = Requester(instance_id=cast.instance.pk, user_id=cast.teammate.pk)
    request = MeasuredRequest(
        kind=Kind.TRANSCRIPTION,
        outcome=Outcome.COMPLETE,
        model_id="whisper",
        cpu_seconds=20.0,
        audio_seconds=90.5,
    )
    with tenant(cast.instance):
        record_requests([request], request_id=uuid4(), requester=requester)
        record = UsageRecord.objects.get()
    assert (record.kind, record.audio_seconds, record.method) == ("transcription", 90.5, "local")
    assert record.energy_wh > 0


def test_same_request_cannot_be_stored_twice(cast: Cast) -> None:
    record = UsageRecordFactory(instance=cast.instance)
    with pytest.raises(IntegrityError), transaction.atomic():
        UsageRecordFactory(instance=cast.instance, request_id=record.request_id)
    UsageRecordFactory(instance=cast.instance, request_id=record.request_id, kind=Kind.RERANK)


@pytest.mark.parametrize(
    ("own", "charged"), [("", "ORG-1"), ("UFR-12", "UFR-12")], ids=["organisation", "instance"]
)
def test_usage_is_charged_to_the_cost_centre_of_its_time(
    cast: Cast, own: str, charged: str
) -> None:
    Organisation.objects.update(cost_centre="ORG-1")
    Instance.objects.update(cost_centre=own)
    requester = Requester(instance_id=cast.instance.pk)
    with tenant(cast.instance):
        (record,) = record_requests([SEARCH], request_id=uuid4(), requester=requester)
        Instance.objects.update(cost_centre="later")
        record.refresh_from_db()
    assert record.cost_centre == charged
    assert record.organisation_id == cast.instance.organisation_id
    assert (record.user_id, record.pseudonym) == (None, None)


def test_cost_of_extracts_includes_their_search(cast: Cast) -> None:
    made = [
        UsageRecord(kind=Kind.EMBEDDING, method="local", energy_wh=0.25, gco2e_usage=0.5),
        UsageRecord(kind=Kind.ANSWER, method="local", energy_wh=0.5, gco2e_embodied=1.0),
        UsageRecord(kind=Kind.REWRITING, method="modelled", energy_wh=8.0),
    ]
    cost = RequestCost.of(made)
    assert cost.answer.kind == "answer"
    assert (cost.energy_wh, cost.gco2e) == (0.75, 1.5)


def test_estimate_covers_nine_past_answers_of_ten(cast: Cast) -> None:
    def answer(number: int, instance: Instance, energy_wh: float) -> None:
        record = UsageRecordFactory(
            instance=instance,
            model="m",
            method="modelled",
            energy_wh=energy_wh,
            gco2e_usage=energy_wh / 4,
            gco2e_embodied=energy_wh / 2,
            prompt_tokens=number,
            total_ms=number,
        )
        UsageRecordFactory(
            instance=instance,
            request_id=record.request_id,
            kind=Kind.REWRITING,
            method="modelled",
            energy_wh=1.0,
            prompt_tokens=1000,
            completion_tokens=10,
        )
        # The tokens of the embedding model have no price.
        UsageRecordFactory(
            instance=instance,
            request_id=record.request_id,
            kind=Kind.EMBEDDING,
            method="modelled",
            prompt_tokens=10**6,
        )

    for number in range(101):
        answer(number, cast.instance, number / 100)
        if number < 5:
            answer(number, cast.other_instance, 50.0)
    with tenant(cast.instance):
        (found,) = past_estimates(cast.instance.pk).values()
        offered = [model.figures for model in offered_models(cast.instance)]
        known = estimates(cast.instance.pk, [MODEL, *offered])
    assert found.energy_wh == pytest.approx((1.05, 1.95))
    assert found.time_ms == pytest.approx((5, 95))
    assert found.gco2e == pytest.approx((0.0375, 0.7125))
    assert found.price_of(MODEL) == (Decimal("0.001025"), Decimal("0.001115"))
    assert found.price_of(replace(MODEL, prompt_price=None, completion_price=None)) is None
    assert known["m"] == found
    low, high = known["extractive"].energy_wh
    assert (0 < low < high, known["extractive"].time_ms) == (True, None)
    with tenant(cast.other_instance):
        # Too few of its own, and none of another instance.
        assert past_estimates(cast.other_instance.pk) == {}
        low, high = estimates(cast.other_instance.pk, [MODEL])["m"].energy_wh
    assert 0 < low < high < 2


def test_occupation_is_that_of_the_last_login(cast: Cast) -> None:
    person = cast.teammate
    old, last = timezone.now() - timedelta(days=9), timezone.now()
    activities = {"supannActivite": ["{REFERENS}E2A41"]}
    factories.IdentityFactory(user=person, affiliations=["student"], asserted_at=old)
    factories.IdentityFactory(
        user=person,
        affiliations=["member", "employee", "staff"],
        attributes=activities,
        asserted_at=last,
    )
    requester = Requester(instance_id=cast.instance.pk, user_id=person.pk)
    by_key = Requester(instance_id=cast.instance.pk)
    with tenant(cast.instance):
        (record,) = record_requests([WRITTEN], request_id=uuid4(), requester=requester)
        (other,) = record_requests([WRITTEN], request_id=uuid4(), requester=by_key)
    assert (record.affiliation, record.trade) == ("staff", "BAP E")
    assert (other.affiliation, other.trade) == ("", "")


@pytest.mark.parametrize(
    ("activities", "trade"),
    [
        (["{CNU}2600"], "CNU 26"),
        (["{CNU}2600", "{BAP}j"], "BAP J"),
        (["{REFERENS}Z1", "{OTHER}26"], ""),
        ([], ""),
    ],
    ids=["teacher", "branch", "unknown", "none"],
)
def test_trade_is_a_branch_or_a_section(activities: list[str], trade: str) -> None:
    assert trade_of({"supannActivite": activities}) == trade
