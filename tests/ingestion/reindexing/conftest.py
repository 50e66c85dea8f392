"""Another embedding model: that of the site with vectors of 256 dimensions, by the real server."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from ingestion.models import Chunk, CorpusStatistics, Document, IndexGeneration
from ingestion.reindexing import building, starting
from instances.models import Instance, Sensitivity
from instances.tenancy import tenant
from retrieval.search import search
from tests.cast import Cast
from tests.ingestion.stages import ingest

SHORT = "short"
JUNE = "Le jury de soutenance se réunit en juin."
LIBRARY = "La bibliothèque ferme à vingt heures, sauf le samedi."
PARKING = "Le parking du campus est réservé aux agents munis d'un badge."


@pytest.fixture(autouse=True)
def offered(settings: Any) -> None:
    """EMBEDDING_MODELS with a second model."""
    settings.EMBEDDING_MODELS = {
        SHORT: {
            "model": settings.EMBEDDING_MODEL,
            "dimensions": 256,
            "query_prefix": "query: ",
            "passage_prefix": "passage: ",
        }
    }


@pytest.fixture
def documents(cast: Cast, upload: Callable[..., Document]) -> list[Document]:
    """Two ready documents."""
    found = [upload(JUNE, "jury.txt"), upload(LIBRARY, "bibliotheque.txt")]
    assert [ingest(document) for document in found] == ["ready", "ready"]
    return found


@pytest.fixture
def one_document_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "TURN_S", -1.0)


def present(instance: Instance) -> Instance:
    return Instance.objects.get(pk=instance.pk)


def start(instance: Instance, model: str = SHORT, **options: Any) -> IndexGeneration:
    options = {"chunk_tokens": None, "switches_itself": True, "user": None} | options
    with tenant(instance):
        return starting.start(instance=instance, embedding_model=model, **options)


def build(generation: IndexGeneration) -> IndexGeneration:
    """Build until nothing waits, as workers do."""
    while building.work():
        pass
    with tenant(generation.instance_id):
        generation.refresh_from_db()
    return generation


def found(
    instance: Instance,
    query: str = "Quand le jury se réunit-il ?",
    *,
    asked: Instance | None = None,
) -> list[str]:
    """The passages that a question finds now, or in the index of ``asked``."""
    asked = copy.copy(asked or present(instance))
    with tenant(asked):
        result = search(instance=asked, query=query, sensitivity=Sensitivity.PUBLIC, top_k=5)
    return [chunk.text for chunk in result.chunks]


def dimensions(instance: Instance) -> dict[int, set[int]]:
    """The dimensions of the visible vectors of each index, each counted by its statistics."""
    with tenant(instance):
        visible = Chunk.objects.filter(terms__isnull=False)
        sizes: dict[int, set[int]] = {}
        for chunk in visible:
            sizes.setdefault(chunk.generation, set()).add(len(chunk.embedding))
        for number in sizes:
            counted = CorpusStatistics.objects.get(generation=number).chunk_count
            assert counted == visible.filter(generation=number).count()
    return sizes
