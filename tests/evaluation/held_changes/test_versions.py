"""A new version of a document answers by itself unless fewer golden questions pass."""

from io import BytesIO
from typing import Any

import pytest

from evaluation.models import EvaluationRun, GoldenQuestion
from evaluation.runs.working import work
from evaluation.tasks import reconcile
from ingestion import versions
from ingestion.models import Chunk, Document
from instances.models import Instance, Sensitivity
from instances.tenancy import tenant
from retrieval.search import search
from tests.cast import Cast
from tests.evaluation.factories import GoldenQuestionFactory
from tests.fixtures.corpus import TEXTS
from tests.ingestion.stages import ingest, refreshed

pytestmark = pytest.mark.usefixtures("closed_connections")

LEAVE = "Combien de jours de congé ont les doctorants contractuels ?"
OLD = TEXTS["conges.txt"]
BETTER = OLD.replace("vingt-cinq", "trente")
# The answer is no longer in it.
WORSE = "Congés annuels\n\nLa demande se fait deux mois avant le départ auprès de la présidence."


@pytest.fixture
def trying(library: Cast, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """An instance that tries versions first, with a golden question."""
    for module in ("evaluation.runs.starting", "evaluation.tasks"):
        monkeypatch.setattr(f"{module}.enqueue_on_commit", lambda _task: None)
    Instance.objects.filter(pk=library.instance.pk).update(tries_versions=True)
    GoldenQuestionFactory(
        instance=library.instance,
        question=LEAVE,
        must_be_refused=False,
        document_name="conges.txt",
        words="doctorants contractuels",
    )
    return library


def add_version(cast: Cast, text: str) -> Document:
    """A new version of the document about leave, prepared."""
    with tenant(cast.instance):
        current = Document.objects.get(name="conges.txt", status="ready")
        added, _is_new = versions.add_version(
            current, user=cast.editor, name="conges.txt", content=BytesIO(text.encode())
        )
    ingest(added)
    return added


def decide() -> None:
    """Begin the trial, ask the questions, decide."""
    reconcile()
    while work() is not None:
        pass
    reconcile()


def states(version: Document) -> list[tuple[int, str]]:
    with tenant(version.instance_id):
        return [(one.version, one.status) for one in versions.history(version)]


def found(cast: Cast) -> str:
    with tenant(cast.instance):
        instance = Instance.objects.get(pk=cast.instance.pk)
        level = Sensitivity.INTERNAL
        return search(instance=instance, query=LEAVE, sensitivity=level, top_k=1).chunks[0].text


def runs(cast: Cast) -> dict[Any, dict[str, Any]]:
    with tenant(cast.instance):
        return {run.version_id: run.figures for run in EvaluationRun.objects.all()}


def test_version_answers_at_once_where_versions_are_not_tried(trying: Cast) -> None:
    Instance.objects.filter(pk=trying.instance.pk).update(tries_versions=False)
    assert states(add_version(trying, BETTER)) == [(2, "ready"), (1, "superseded")]


def test_held_version_is_not_found_until_it_is_decided(trying: Cast) -> None:
    version = add_version(trying, BETTER)
    assert states(version) == [(2, "held"), (1, "ready")]
    assert "vingt-cinq" in found(trying)
    decide()
    assert states(version) == [(2, "ready"), (1, "superseded")]
    assert "trente" in found(trying)
    before, after = runs(trying)[None], runs(trying)[version.pk]
    assert (before["passed"], after["passed"]) == (1, 1)


def test_version_that_lowers_the_score_waits_for_an_administrator(
    trying: Cast, client_for: Any
) -> None:
    version = add_version(trying, WORSE)
    decide()
    assert states(version) == [(2, "held"), (1, "ready")]
    before, after = runs(trying)[None], runs(trying)[version.pk]
    assert (before["passed"], after["passed"]) == (1, 0)
    # It is not tried again and again.
    decide()
    assert len(runs(trying)) == 2
    client = client_for(trying.owner)
    page = client.get("/i/law/evaluation/changes/").content.decode()
    assert f"/i/law/evaluation/versions/{version.pk}/" in page
    url = f"/i/law/evaluation/versions/{version.pk}/"
    assert client.get(url).context["compared"].differing
    client.post(f"{url}decide/", {"decision": "accept"})
    assert states(version) == [(2, "ready"), (1, "superseded")]


def test_words_that_only_the_held_version_has_are_found_in_its_trial(trying: Cast) -> None:
    with tenant(trying.instance):
        GoldenQuestion.objects.update(
            question="Qui accorde le sabbatique ?", words="le doyen accorde le sabbatique"
        )
    version = add_version(trying, f"{OLD} Le doyen accorde le sabbatique.")
    decide()
    before, after = runs(trying)[None], runs(trying)[version.pk]
    assert (before["passed"], after["passed"]) == (0, 1)


def test_version_is_not_tried_without_golden_questions(trying: Cast) -> None:
    with tenant(trying.instance):
        GoldenQuestion.objects.all().delete()
    version = add_version(trying, WORSE)
    decide()
    assert states(version) == [(2, "ready"), (1, "superseded")]


def test_newer_file_replaces_a_held_version(trying: Cast) -> None:
    held = add_version(trying, WORSE)
    decide()
    assert states(add_version(trying, BETTER)) == [(2, "held"), (1, "ready")]
    with tenant(trying.instance):
        assert not Document.objects.filter(pk=held.pk).exists()


def test_version_prepared_for_another_index_is_prepared_again(trying: Cast) -> None:
    version = add_version(trying, BETTER)
    with tenant(trying.instance):
        Document.objects.filter(pk=version.pk).update(index_generation=7)
    reconcile()
    assert refreshed(version).status == "queued"
    with tenant(trying.instance):
        assert not Chunk.objects.filter(document=version, terms__isnull=False).exists()
