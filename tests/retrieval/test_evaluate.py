"""``./manage evaluate`` on small sets, with the real embedding model."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from ingestion.models import Document
from instances.models import Instance
from instances.tenancy import tenant
from retrieval.evaluation import _figures
from tests.factories import InstanceFactory

CORPUS = [
    {"_id": "c1", "title": "Congés", "text": "Vingt-cinq jours de congé par an."},
    {"_id": "c2", "title": "Bibliothèque", "text": "Le prêt est de douze ouvrages."},
    {"_id": "c3", "text": "Les nuits d'hôtel sont remboursées. " * 120},
]
QUERIES = [
    {"_id": "q1", "text": "Combien de jours de congé ?"},
    {"_id": "q2", "text": "Combien de livres puis-je emprunter à la bibliothèque ?"},
    {"_id": "q3", "text": "Une question sans réponse connue"},
    {"_id": "q4", "text": "L'hôtel est-il remboursé ?"},
]
GAINS = [("q1", "c1", 1), ("q2", "c2", 1), ("q4", "c3", 1), ("q4", "c1", 0)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    def lines(name: str, rows: list[dict[str, str]]) -> None:
        (tmp_path / name).write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")

    lines("corpus.jsonl", CORPUS)
    lines("queries.jsonl", QUERIES)
    gains = ["query-id\tcorpus-id\tscore", *("\t".join(map(str, gain)) for gain in GAINS)]
    (tmp_path / "qrels.tsv").write_text("\n".join(gains))
    return tmp_path


def run(slug: str, folder: Path) -> dict[str, Any]:
    output = StringIO()
    call_command("evaluate", slug, str(folder), stdout=output)
    figures: dict[str, Any] = json.loads(output.getvalue())
    return figures


@pytest.mark.django_db(transaction=True)
def test_corpus_is_indexed_once_and_figures_are_printed(embeddings: None, folder: Path) -> None:
    instance = InstanceFactory(slug="evaluation")
    first = run("evaluation", folder)
    assert first["passages"] == first["indexed"] == 3
    assert first["questions"] == 3
    assert first["hit@1"] == first["hit@5"] == first["nDCG@10"] == 1.0
    assert {"median_ms", "p95_ms"} <= first.keys()
    second = run("evaluation", folder)
    assert second["indexed"] == 0
    assert second["hit@1"] == 1.0
    with tenant(instance):
        documents = Document.objects.for_instance(instance).order_by("name")
        assert [document.chunks > 1 for document in documents] == [False, False, True]


@pytest.mark.django_db
def test_invalid_arguments_are_explained(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no instance nowhere"):
        run("nowhere", tmp_path)
    InstanceFactory(slug="somewhere")
    with pytest.raises(CommandError, match="BEIR"):
        run("somewhere", tmp_path)
    assert Instance.objects.get(slug="somewhere")


def test_figures_of_one_question() -> None:
    gains = {"a": 1, "b": 1}
    assert _figures(["a", "b"], gains) == (True, True, 1.0)
    assert _figures([], gains) == (False, False, 0.0)
    hit_at_1, hit_at_5, ndcg = _figures(["x", "a"], {"a": 1})
    assert (hit_at_1, hit_at_5) == (False, True)
    assert ndcg == pytest.approx(0.6309, abs=1e-4)
