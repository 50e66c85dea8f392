"""Pages of runs, for editors and administrators."""

from typing import Any

import pytest
from django.utils import timezone

from evaluation.models import EvaluationResult, EvaluationRun
from evaluation.runs.figures import Figures
from instances.tenancy import tenant
from tests.cast import Cast
from tests.evaluation.factories import (
    EvaluationResultFactory,
    EvaluationRunFactory,
    GoldenQuestionFactory,
)

URL = "/i/law/evaluation/runs/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def run(cast: Cast) -> EvaluationRun:
    """A run that is done: one question passed, one was wrongly answered."""
    figures = Figures(questions=2, passed=1, to_refuse=2, refused_rightly=1)
    run: EvaluationRun = EvaluationRunFactory(
        instance=cast.instance, status="done", figures=figures.as_json()
    )
    for passed in (True, False):
        EvaluationResultFactory(
            instance=cast.instance,
            run=run,
            asked_at=timezone.now(),
            must_be_refused=True,
            is_refused=passed,
            passed=passed,
            answer="" if passed else "Ulan Bator, of course.",
        )
    return run


@pytest.mark.parametrize("path", ["", "{run}/", "{run}/progress/"])
@pytest.mark.parametrize(
    ("person", "status"), [("stranger", 404), ("teammate", 403), ("editor", 200), ("owner", 200)]
)
def test_pages_are_for_editors(
    cast: Cast, run: EvaluationRun, client_for: Any, path: str, person: str, status: int
) -> None:
    client = client_for(getattr(cast, person))
    assert client.get(URL + path.format(run=run.pk)).status_code == status


def test_run_of_another_instance_is_not_found(cast: Cast, client_for: Any) -> None:
    theirs = EvaluationRunFactory(instance=cast.other_instance)
    client = client_for(cast.owner)
    assert client.get(f"{URL}{theirs.pk}/").status_code == 404
    assert client.post(f"{URL}{theirs.pk}/cancel/").status_code == 404


def test_list_has_the_score_of_each_run(cast: Cast, run: EvaluationRun, client_for: Any) -> None:
    response = client_for(cast.editor).get(URL)
    (column,) = response.context["chart"].columns
    assert (column.height, column.y) == (50.0, 50.0)
    assert b"1/2" in response.content


def test_page_of_a_run_lists_failures_first(
    cast: Cast, run: EvaluationRun, client_for: Any
) -> None:
    response = client_for(cast.editor).get(f"{URL}{run.pk}/")
    assert [result.passed for result in response.context["results"]] == [False, True]
    assert b"Ulan Bator" in response.content


def test_editor_starts_follows_and_cancels_a_run(
    cast: Cast, client_for: Any, django_capture_on_commit_callbacks: Any
) -> None:
    GoldenQuestionFactory(instance=cast.instance)
    client = client_for(cast.editor)
    started = client.post(f"{URL}start/")
    with tenant(cast.instance):
        run = EvaluationRun.objects.get()
    assert started.url == f"{URL}{run.pk}/"
    assert (run.reason, run.created_by, run.is_by_model) == ("asked", cast.editor, False)
    progress = client.get(f"{URL}{run.pk}/progress/").json()
    assert progress == {"asked": 0, "total": 1, "is_unfinished": True}
    assert b"<run-progress" in client.get(f"{URL}{run.pk}/").content
    client.post(f"{URL}{run.pk}/cancel/")
    assert client.get(f"{URL}{run.pk}/progress/").json()["is_unfinished"] is False


def test_run_needs_golden_questions(cast: Cast, client_for: Any) -> None:
    response = client_for(cast.editor).post(f"{URL}start/")
    assert response.url == "/i/law/evaluation/"


def test_figures_remain_when_a_question_is_removed(
    cast: Cast, run: EvaluationRun, client_for: Any
) -> None:
    with tenant(cast.instance):
        question = EvaluationResult.objects.filter(run=run).first().question_id
    client = client_for(cast.editor)
    client.post(f"/i/law/evaluation/questions/{question}/remove/")
    response = client.get(f"{URL}{run.pk}/")
    assert response.context["figures"].questions == 2
    assert len(response.context["results"]) == 1
