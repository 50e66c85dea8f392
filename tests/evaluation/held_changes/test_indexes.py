"""A new search index answers by itself unless fewer golden questions pass."""

from typing import Any
from uuid import uuid4

import pytest

from evaluation.held_changes.indexes import comparison_of, decide_index
from evaluation.models import EvaluationRun
from evaluation.runs.working import work
from evaluation.tasks import reconcile
from ingestion.models import IndexGeneration
from ingestion.reindexing import building, starting
from instances.models import Instance
from instances.tenancy import tenant
from tests.cast import Cast
from tests.evaluation.factories import GoldenQuestionFactory

pytestmark = pytest.mark.usefixtures("closed_connections")

LEAVE = "Combien de jours de congé ont les doctorants ?"


@pytest.fixture(autouse=True)
def offered(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evaluation.runs.starting.enqueue_on_commit", lambda _task: None)
    settings.EMBEDDING_MODELS = {
        "short": {
            "model": settings.EMBEDDING_MODEL,
            "dimensions": 256,
            "query_prefix": "query: ",
            "passage_prefix": "passage: ",
        }
    }


@pytest.fixture
def golden(library: Cast) -> Cast:
    expected = {"must_be_refused": False, "document_name": "conges.txt"}
    GoldenQuestionFactory(instance=library.instance, question=LEAVE, **expected)
    return library


def built(cast: Cast, **options: Any) -> IndexGeneration:
    options = {"switches_itself": True} | options
    with tenant(cast.instance):
        generation = starting.start(
            instance=cast.instance,
            embedding_model="short",
            chunk_tokens=None,
            user=cast.owner,
            **options,
        )
    while building.work():
        pass
    return generation


def decided(cast: Cast) -> Instance:
    """The instance, once the questions are asked and the index is decided."""
    with tenant(cast.instance):
        decide_index(cast.instance)
    while work() is not None:
        pass
    with tenant(cast.instance):
        decide_index(cast.instance)
    return Instance.objects.get(pk=cast.instance.pk)


def test_index_without_golden_questions_answers_when_complete(library: Cast) -> None:
    built(library)
    reconcile()
    assert Instance.objects.get(pk=library.instance.pk).embedding_model == "short"


def test_failure_of_a_deleted_document_does_not_keep_it_from_answering(library: Cast) -> None:
    generation = built(library)
    with tenant(library.instance):
        deleted = {"code": "corrupt", "attempt": 1, "level": "public"}
        IndexGeneration.objects.filter(pk=generation.pk).update(failures={str(uuid4()): deleted})
    reconcile()
    assert Instance.objects.get(pk=library.instance.pk).embedding_model == "short"


def test_index_that_is_not_lower_answers_by_itself(golden: Cast) -> None:
    generation = built(golden)
    assert decided(golden).embedding_model == "short"
    with tenant(golden.instance):
        comparison = comparison_of(generation)
        assert comparison is not None
        assert comparison.is_not_lower
        assert comparison.before.figures["passed"] == comparison.after.figures["passed"] == 1
        # Each was asked in its own index.
        assert [run.index_number for run in (comparison.before, comparison.after)] == [0, 1]


def test_index_that_is_lower_waits_for_an_administrator(golden: Cast) -> None:
    generation = built(golden)
    with tenant(golden.instance):
        decide_index(golden.instance)
    while work() is not None:
        pass
    with tenant(golden.instance):
        run = EvaluationRun.objects.get(index_number=1)
        run.figures |= {"passed": 0}
        run.save(update_fields=["figures"])
    assert decided(golden).embedding_model == ""
    with tenant(golden.instance):
        generation.refresh_from_db()
        assert generation.status == "built"


def test_administrator_who_decides_by_hand_sees_the_comparison(golden: Cast) -> None:
    generation = built(golden, switches_itself=False)
    assert decided(golden).embedding_model == ""
    with tenant(golden.instance):
        assert comparison_of(generation) is not None


def test_return_is_not_compared(golden: Cast) -> None:
    built(golden)
    instance = decided(golden)
    with tenant(instance):
        starting.go_back(instance, golden.owner)
        assert EvaluationRun.objects.count() == 2
    assert decided(golden).embedding_model == ""
