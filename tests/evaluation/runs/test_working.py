"""Workers ask the questions of runs, and continue those of killed workers."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from evaluation.models import EvaluationResult, EvaluationRun
from evaluation.runs import working
from evaluation.runs.claims import evaluation_runs
from evaluation.runs.figures import Figures
from evaluation.runs.history import costs_of
from evaluation.runs.starting import NoGoldenQuestion, cancel_run, start_run
from evaluation.runs.working import work
from evaluation.tried_settings import TriedSettings
from instances.models import Instance
from instances.tenancy import tenant
from tests.cast import Cast
from tests.evaluation.factories import GoldenQuestionFactory
from tests.scripted_llm import ScriptedLLM, stream
from tests.usage.factories import QuotaFactory
from usage.models import UsageRecord

pytestmark = pytest.mark.usefixtures("closed_connections")

LEAVE = "Combien de jours de congé ont les doctorants ?"
LOANS = "Combien d'ouvrages peut-on emprunter à la bibliothèque ?"


@pytest.fixture
def golden(library: Cast, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """The library with three golden questions, of which one fails; no broker."""
    monkeypatch.setattr("evaluation.runs.starting.enqueue_on_commit", lambda _task: None)
    law = library.instance
    add = GoldenQuestionFactory
    expected = {"must_be_refused": False}
    add(instance=law, question=LEAVE, document_name="conges.txt", words="vingt-cinq", **expected)
    add(instance=law, question=LOANS, words="quinze ouvrages", **expected)
    add(instance=law, question="Quelle est la capitale de la Mongolie ?")
    return library


def started(instance: Instance, **fields: Any) -> EvaluationRun:
    """A new run under the settings of the instance."""
    options = {"reason": "asked", "is_by_model": False, "user": None} | fields
    with tenant(instance):
        return start_run(instance=instance, settings=TriedSettings.of(instance), **options)


def stored(run: EvaluationRun) -> tuple[EvaluationRun, list[EvaluationResult]]:
    with tenant(run.instance_id):
        run.refresh_from_db()
        results = EvaluationResult.objects.for_instance(run.instance_id).filter(run=run)
        return run, list(results.select_related("question"))


def test_run_asks_every_question_and_scores_it(golden: Cast) -> None:
    run, _results = stored(started(golden.instance))
    work()
    run, results = stored(run)
    assert (run.status, run.claimed_until) == ("done", None)
    assert [result.passed for result in results] == [True, False, True]
    figures = Figures.from_json(run.figures)
    assert (figures.questions, figures.passed, figures.documents_found) == (3, 2, 1)
    assert (figures.words_expected, figures.words_in_answers) == (2, 1)
    assert results[0].answer
    assert results[2].is_refused
    # In the language of the instance.
    assert results[2].answer.startswith("Je n’ai trouvé dans les documents")
    assert not evaluation_runs.is_work_waiting()


def test_cost_is_recorded_as_evaluation_and_not_as_answers(golden: Cast, llm: ScriptedLLM) -> None:
    llm.script(stream("Vingt-cinq jours [1]."))
    run = started(golden.instance, is_by_model=True, user=golden.editor)
    work()
    run, results = stored(run)
    assert results[0].answer == "Vingt-cinq jours [1]."
    assert results[0].passed
    with tenant(golden.instance):
        records = list(UsageRecord.objects.exclude(kind="ingestion"))
        cost = costs_of(golden.instance.pk, [run])[run.pk]
    assert {record.kind for record in records} == {"evaluation", "embedding"}
    assert {record.user_id for record in records} == {golden.editor.pk}
    assert cost.completion_tokens > 0
    assert cost.energy_wh == pytest.approx(
        sum(record.energy_wh for record in records if record.kind == "evaluation")
    )


def test_settings_of_the_run_are_those_tried(golden: Cast) -> None:
    law = golden.instance
    law.strictness = "strict"
    with tenant(law):
        tried = TriedSettings(model_id="", instructions="", strictness="lenient", top_k=1)
        run = start_run(instance=law, reason="asked", settings=tried, is_by_model=False, user=None)
    work()
    _run, results = stored(run)
    law.refresh_from_db()
    assert law.strictness == "balanced"
    assert all(result.asked_at for result in results)


def test_killed_worker_is_replaced_and_no_answered_question_asked_again(
    golden: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = started(golden.instance)
    monkeypatch.setattr(working, "SLICE_S", -1.0)
    work()
    run, results = stored(run)
    first = results[0].asked_at
    assert (run.status, sum(one.asked_at is not None for one in results)) == ("running", 1)
    # The worker is killed after it has claimed the run.
    claim = evaluation_runs.claim_next()
    assert claim is not None
    assert not evaluation_runs.is_work_waiting()
    assert work() is None
    with tenant(golden.instance):
        past = timezone.now() - timedelta(seconds=1)
        EvaluationRun.objects.filter(pk=run.pk).update(claimed_until=past)
    assert evaluation_runs.is_work_waiting()
    monkeypatch.setattr(working, "SLICE_S", 60.0)
    work()
    run, results = stored(run)
    assert (run.status, results[0].asked_at) == ("done", first)
    # Were the first worker alive after all, it would change nothing.
    asyncio.run(working._work(claim))
    assert stored(run)[0].finished_at == run.finished_at


def test_instances_take_turns(golden: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    GoldenQuestionFactory(instance=golden.other_instance)
    mine, theirs = started(golden.instance), started(golden.other_instance)
    monkeypatch.setattr(working, "SLICE_S", -1.0)
    claims = [work() for _ in range(2)]
    assert [claim and claim.run_id for claim in claims] == [mine.pk, theirs.pk]


def test_cancelled_run_asks_nothing_more(golden: Cast) -> None:
    run = started(golden.instance)
    with tenant(golden.instance):
        cancel_run(run)
    assert work() is None
    run, results = stored(run)
    assert (run.status, [one.asked_at for one in results]) == ("cancelled", [None] * 3)


def test_run_of_a_closed_instance_is_cancelled(golden: Cast) -> None:
    run = started(golden.instance)
    Instance.objects.filter(pk=golden.instance.pk).update(status=Instance.Status.SUSPENDED)
    assert work() is None
    assert stored(run)[0].status == "cancelled"


def test_quota_that_is_reached_is_said(golden: Cast) -> None:
    QuotaFactory(instance=golden.instance, per="instance", measure="requests", amount=1)
    run = started(golden.instance)
    work()
    _run, results = stored(run)
    assert [result.error_code for result in results] == ["", "quota_reached", "quota_reached"]


def test_search_that_fails_is_said(golden: Cast, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("no_embeddings")
    run = started(golden.instance)
    work()
    run, results = stored(run)
    assert {result.error_code for result in results} == {"search_unavailable"}
    assert Figures.from_json(run.figures).failed == 3


def test_instance_without_golden_question_starts_no_run(cast: Cast) -> None:
    with pytest.raises(NoGoldenQuestion):
        started(cast.instance)
