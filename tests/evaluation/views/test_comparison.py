"""Pages that compare two models, for editors and administrators."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from evaluation.models import EvaluationRun
from instances.tenancy import tenant
from tests.cast import Cast
from tests.evaluation.factories import (
    EvaluationResultFactory,
    EvaluationRunFactory,
    GoldenQuestionFactory,
)
from tests.inference.factories import LanguageModelFactory
from tests.usage.factories import UsageRecordFactory

URL = "/i/law/evaluation/comparison/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def group(cast: Cast) -> UUID:
    """Extracts fail at a question that a model answers, for 0.4 Wh."""
    group, golden = uuid4(), GoldenQuestionFactory(instance=cast.instance, question="Hours?")
    for model_id, passed, energy_wh in (("extractive", False, 0.001), ("large", True, 0.4)):
        settings = {"model_id": model_id, "instructions": "", "strictness": "strict", "top_k": 6}
        run = EvaluationRunFactory(
            instance=cast.instance, reason="comparison", settings=settings, group=group
        )
        result = EvaluationResultFactory(
            instance=cast.instance,
            run=run,
            question=golden,
            passed=passed,
            asked_at=timezone.now(),
        )
        for kind, energy in (("evaluation", energy_wh), ("embedding", 100.0)):
            UsageRecordFactory(
                instance=cast.instance,
                request_id=result.request_id,
                kind=kind,
                model=model_id,
                energy_wh=energy,
            )
    return group


@pytest.mark.parametrize("path", ["", "{group}/"])
@pytest.mark.parametrize(
    ("person", "status"), [("stranger", 404), ("teammate", 403), ("editor", 200), ("owner", 200)]
)
def test_pages_are_for_editors(
    cast: Cast, group: UUID, client_for: Any, path: str, person: str, status: int
) -> None:
    client = client_for(getattr(cast, person))
    assert client.get(URL + path.format(group=group)).status_code == status


def test_quality_and_energy_are_side_by_side(cast: Cast, group: UUID, client_for: Any) -> None:
    context = client_for(cast.editor).get(f"{URL}{group}/").context
    first, second = context["compared"].runs
    assert (first.figures.passed, second.figures.passed) == (0, 1)
    # Searches are alike, and not counted.
    assert (first.cost.energy_wh, second.cost.energy_wh) == (0.001, 0.4)
    ((question, _results),) = context["compared"].differing
    assert question.question == "Hours?"


def test_comparison_of_another_instance_is_not_found(cast: Cast, client_for: Any) -> None:
    theirs = EvaluationRunFactory(
        instance=cast.other_instance, reason="comparison", group=uuid4()
    ).group
    assert client_for(cast.owner).get(f"{URL}{theirs}/").status_code == 404


def test_editor_compares_two_models(cast: Cast, client_for: Any) -> None:
    GoldenQuestionFactory(instance=cast.instance)
    LanguageModelFactory(alias="large", backend__sensitivity="restricted")
    client = client_for(cast.editor)
    same = client.post(URL, {"first": "large", "second": "large"})
    assert same.context["form"].errors
    response = client.post(URL, {"first": "extractive", "second": "large"})
    with tenant(cast.instance):
        runs = list(EvaluationRun.objects.for_instance(cast.instance).order_by("created_at"))
    assert response.url == f"{URL}{runs[0].group}/"
    assert [run.settings["model_id"] for run in runs] == ["extractive", "large"]
    assert {run.is_by_model for run in runs} == {True}


def test_comparison_needs_golden_questions(cast: Cast, client_for: Any) -> None:
    LanguageModelFactory(alias="large", backend__sensitivity="restricted")
    response = client_for(cast.editor).post(URL, {"first": "extractive", "second": "large"})
    assert response.url == "/i/law/evaluation/"
