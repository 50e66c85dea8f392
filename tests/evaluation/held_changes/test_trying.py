"""A change of settings is tried on the golden questions, and held back if the score falls."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError

from evaluation.held_changes.differences import compared_runs
from evaluation.held_changes.trying import (
    ChangeNotOpen,
    accept,
    decide_tried,
    discard,
    open_change,
    try_change,
)
from evaluation.models import EvaluationRun, HeldChange
from evaluation.runs.figures import Figures
from evaluation.runs.working import work
from evaluation.tried_settings import TriedSettings
from instances.models import AuditEntry, Instance
from instances.tenancy import overseeing, tenant
from tests.cast import Cast
from tests.evaluation.factories import GoldenQuestionFactory, HeldChangeFactory

pytestmark = pytest.mark.usefixtures("closed_connections")

LEAVE = "Combien de jours de congé ont les doctorants ?"


@pytest.fixture
def golden(library: Cast, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """The library with a question that is answered and one that is refused; no broker."""
    monkeypatch.setattr("evaluation.runs.starting.enqueue_on_commit", lambda _task: None)
    expected = {"must_be_refused": False, "document_name": "conges.txt"}
    GoldenQuestionFactory(instance=library.instance, question=LEAVE, **expected)
    GoldenQuestionFactory(instance=library.instance, question="Quelle est la capitale du Chili ?")
    return library


def tried(cast: Cast, **changes: Any) -> HeldChange:
    """A change that the owner asks for, once its runs are done."""
    settings = replace(TriedSettings.of(cast.instance), **changes)
    with tenant(cast.instance):
        change = try_change(instance=cast.instance, settings=settings, user=cast.owner)
    while work() is not None:
        pass
    with tenant(cast.instance):
        decide_tried(cast.instance)
        change.refresh_from_db()
    cast.instance.refresh_from_db()
    return change


def actions(cast: Cast) -> list[tuple[str, int | None]]:
    with overseeing():
        entries = AuditEntry.objects.filter(instance_id=cast.instance.pk).order_by("pk")
        return [(entry.action, entry.actor_id) for entry in entries]


def test_change_that_does_not_lower_the_score_is_made(golden: Cast) -> None:
    change = tried(golden, top_k=3)
    assert change.status == "applied"
    assert golden.instance.top_k == 3
    assert change.changes == {"top_k": [6, 3]}
    # In the name of the person who asked for it.
    assert ("instance.changed", golden.owner.pk) in actions(golden)


@pytest.fixture
def worse(golden: Cast, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """Under the strict strictness every question is refused."""
    monkeypatch.setattr("retrieval.relevance.THRESHOLDS", {"balanced": 0.5, "strict": 1.01})
    return golden


def test_change_that_lowers_the_score_is_held_back(worse: Cast) -> None:
    change = tried(worse, strictness="strict")
    assert change.status == "held"
    assert worse.instance.strictness == "balanced"
    with tenant(worse.instance):
        assert open_change(worse.instance) == change
        runs = [change.run_before, change.run_after]
        figures = [Figures.from_json(run.figures).passed for run in runs if run]
        compared = compared_runs(worse.instance, runs)
    assert figures == [2, 1]
    ((question, results),) = compared.differing
    assert question.question == LEAVE
    assert [result and result.passed for result in results] == [True, False]


def test_administrator_makes_a_held_change_beside_later_ones(worse: Cast) -> None:
    change = tried(worse, strictness="strict")
    Instance.objects.filter(pk=worse.instance.pk).update(top_k=9)
    with tenant(worse.instance):
        accept(change, worse.owner)
    worse.instance.refresh_from_db()
    assert (worse.instance.strictness, worse.instance.top_k) == ("strict", 9)
    assert "change.accepted" in [action for action, _actor in actions(worse)]
    with tenant(worse.instance), pytest.raises(ChangeNotOpen):
        discard(change, worse.owner)


def test_discarded_change_leaves_the_settings_and_ends_its_runs(golden: Cast) -> None:
    settings = replace(TriedSettings.of(golden.instance), top_k=1)
    with tenant(golden.instance):
        change = try_change(instance=golden.instance, settings=settings, user=golden.owner)
        decide_tried(golden.instance)
        discard(change, golden.owner)
        assert {run.status for run in EvaluationRun.objects.all()} == {"cancelled"}
        assert open_change(golden.instance) is None
    golden.instance.refresh_from_db()
    assert golden.instance.top_k == 6


def test_change_whose_run_was_cancelled_is_held_back(golden: Cast) -> None:
    settings = replace(TriedSettings.of(golden.instance), top_k=1)
    with tenant(golden.instance):
        change = try_change(instance=golden.instance, settings=settings, user=golden.owner)
        EvaluationRun.objects.update(status="cancelled")
        decide_tried(golden.instance)
        change.refresh_from_db()
    assert change.status == "held"


def test_one_change_is_open_at_a_time(golden: Cast) -> None:
    HeldChangeFactory(instance=golden.instance, status="held")
    settings = replace(TriedSettings.of(golden.instance), top_k=1)
    with pytest.raises(IntegrityError), tenant(golden.instance):
        try_change(instance=golden.instance, settings=settings, user=golden.owner)


@pytest.mark.parametrize(
    ("changes", "is_by_model"),
    [({"top_k": 1}, False), ({"strictness": "strict"}, False), ({"instructions": "Tu."}, True)],
)
def test_model_answers_where_the_change_concerns_it(
    golden: Cast, changes: dict[str, Any], is_by_model: bool
) -> None:
    settings = replace(TriedSettings.of(golden.instance), **changes)
    with tenant(golden.instance):
        change = try_change(instance=golden.instance, settings=settings, user=golden.owner)
    assert change.run_after is not None
    assert change.run_after.is_by_model is is_by_model
