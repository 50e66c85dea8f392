"""Pages of the schedule and of held changes, for administrators."""

from typing import Any

import pytest
from django.utils import timezone

from evaluation.models import EvaluationPolicy, HeldChange
from instances.tenancy import tenant
from tests.cast import Cast
from tests.evaluation.factories import (
    EvaluationPolicyFactory,
    EvaluationResultFactory,
    EvaluationRunFactory,
    GoldenQuestionFactory,
    HeldChangeFactory,
)

URL = "/i/law/evaluation/changes/"
ANSWERS = "/i/law/settings/answers/"
pytestmark = pytest.mark.django_db


def changes(cast: Cast) -> list[HeldChange]:
    with tenant(cast.instance):
        return list(HeldChange.objects.for_instance(cast.instance))


@pytest.mark.parametrize("path", ["", "{change}/"])
@pytest.mark.parametrize(
    ("person", "status"), [("stranger", 404), ("teammate", 403), ("editor", 403), ("owner", 200)]
)
def test_pages_are_for_administrators(
    cast: Cast, client_for: Any, path: str, person: str, status: int
) -> None:
    change = HeldChangeFactory(instance=cast.instance, status="held")
    client = client_for(getattr(cast, person))
    assert client.get(URL + path.format(change=change.pk)).status_code == status


def test_change_of_another_instance_is_not_found(cast: Cast, client_for: Any) -> None:
    theirs = HeldChangeFactory(instance=cast.other_instance, status="held")
    client = client_for(cast.owner)
    assert client.get(f"{URL}{theirs.pk}/").status_code == 404
    assert client.post(f"{URL}{theirs.pk}/decide/", {"decision": "accept"}).status_code == 404


def test_administrator_saves_the_policy(cast: Cast, client_for: Any) -> None:
    client_for(cast.owner).post(URL, {"schedule": "daily", "holds_back": "on"})
    with tenant(cast.instance):
        policy = EvaluationPolicy.objects.get()
    assert (policy.schedule, policy.holds_back) == ("daily", True)


def answers_form(**changed: Any) -> dict[str, Any]:
    return {"strictness": "balanced", "top_k": 6, "reuses_answers": "on"} | changed


@pytest.fixture
def holding(cast: Cast) -> Cast:
    """The cast, in an instance that holds back changes."""
    EvaluationPolicyFactory(instance=cast.instance)
    GoldenQuestionFactory(instance=cast.instance)
    return cast


def test_change_of_settings_is_tried_and_the_others_are_saved(
    holding: Cast, client_for: Any
) -> None:
    response = client_for(holding.owner).post(ANSWERS, {"strictness": "strict", "top_k": 6})
    (change,) = changes(holding)
    assert response.url == f"{URL}{change.pk}/"
    assert (change.status, change.changes) == ("trying", {"strictness": ["balanced", "strict"]})
    holding.instance.refresh_from_db()
    assert holding.instance.strictness == "balanced"
    # It does not decide what is found.
    assert holding.instance.reuses_answers is False


def test_second_change_waits_for_the_first(holding: Cast, client_for: Any) -> None:
    HeldChangeFactory(instance=holding.instance, status="held")
    client = client_for(holding.owner)
    page = client.get(ANSWERS)
    assert URL.encode() in page.content
    response = client.post(ANSWERS, answers_form(top_k=2))
    assert response.context["form"].errors
    assert len(changes(holding)) == 1
    assert client.post(ANSWERS, answers_form()).status_code == 302


@pytest.mark.parametrize(("decision", "top_k"), [("accept", 1), ("discard", 6)])
def test_administrator_decides(cast: Cast, client_for: Any, decision: str, top_k: int) -> None:
    change = HeldChangeFactory(instance=cast.instance, status="held")
    client = client_for(cast.owner)
    assert client.get(f"{URL}{change.pk}/").context["lines"][0].after == 1
    for _twice in range(2):
        response = client.post(f"{URL}{change.pk}/decide/", {"decision": decision})
        assert response.status_code == 302
    cast.instance.refresh_from_db()
    assert cast.instance.top_k == top_k
    (change,) = changes(cast)
    assert (change.decided_by, change.is_open) == (cast.owner, False)


def test_change_without_golden_questions_is_saved_at_once(cast: Cast, client_for: Any) -> None:
    EvaluationPolicyFactory(instance=cast.instance)
    client_for(cast.owner).post(ANSWERS, answers_form(top_k=2))
    cast.instance.refresh_from_db()
    assert (cast.instance.top_k, changes(cast)) == (2, [])


def run_with(cast: Cast, *, wanted: list[float], unwanted: list[float]) -> None:
    """A run that is done, with questions of these relevances."""
    run = EvaluationRunFactory(instance=cast.instance, status="done", finished_at=timezone.now())
    for to_refuse, relevances in ((False, wanted), (True, unwanted)):
        for relevance in relevances:
            EvaluationResultFactory(
                instance=cast.instance,
                run=run,
                relevance=relevance,
                must_be_refused=to_refuse,
                asked_at=timezone.now(),
            )


@pytest.mark.parametrize("holds_back", [False, True])
def test_suggested_strictness_is_applied_by_one_click(
    cast: Cast, client_for: Any, holds_back: bool
) -> None:
    run_with(cast, wanted=[0.7, 0.9], unwanted=[0.2, 0.6])
    EvaluationPolicyFactory(instance=cast.instance, holds_back=holds_back)
    client = client_for(cast.owner)
    assert client.get(URL).context["calibration"].is_better
    response = client.post(f"{URL}calibrate/")
    cast.instance.refresh_from_db()
    if holds_back:
        (change,) = changes(cast)
        assert response.url == f"{URL}{change.pk}/"
        assert cast.instance.strictness == "balanced"
    else:
        assert cast.instance.strictness == "calibrated"
        assert cast.instance.calibrated_threshold == 0.65
        assert b"calibrated" in client.get(ANSWERS).content


def test_nothing_is_applied_without_a_suggestion(cast: Cast, client_for: Any) -> None:
    client = client_for(cast.owner)
    assert b"calibrated" not in client.get(ANSWERS).content
    client.post(f"{URL}calibrate/")
    cast.instance.refresh_from_db()
    assert cast.instance.strictness == "balanced"
