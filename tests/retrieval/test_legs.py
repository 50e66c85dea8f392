"""The rank of each passage by each leg of the search."""

import numpy as np
import pytest

from instances.models import Instance
from instances.tenancy import tenant
from retrieval.legs import ExplainedChunk, explain_search
from retrieval.search import search_embedded
from tests.factories import InstanceFactory
from tests.retrieval.indexing import add_document

pytestmark = pytest.mark.django_db

LEAVE, LIBRARY = np.eye(2, dtype=np.float32)
BETWEEN = np.array([0.8, 0.6], dtype=np.float32)


@pytest.fixture
def instance() -> Instance:
    instance = InstanceFactory()
    add_document(instance, ("Vingt-cinq jours par an.", LEAVE), name="meaning")
    add_document(instance, ("La durée du congé est fixée.", LIBRARY), name="words")
    add_document(instance, ("Douze ouvrages par lecteur.", BETWEEN), name="neither")
    return instance


def explained(instance: Instance, depth: int, ids: tuple[int, ...] = ()) -> list[ExplainedChunk]:
    with tenant(instance):
        found = explain_search(
            instance=instance,
            query="durée du congé",
            embedding=LEAVE,
            depth=depth,
            chunk_ids=ids,
        )
    return list(found.chunks)


def test_each_leg_ranks_by_its_own_score(instance: Instance) -> None:
    ranks = {
        one.chunk.document_name: (one.dense_rank, one.lexical_rank)
        for one in explained(instance, 10)
    }
    assert ranks == {"meaning": (1, None), "neither": (2, None), "words": (3, 1)}


def test_fusion_has_the_order_and_the_scores_of_the_search(instance: Instance) -> None:
    with tenant(instance):
        found = search_embedded(
            instance=instance, query="durée du congé", embedding=LEAVE, limit=10
        )
    shown = explained(instance, 10)
    assert [one.chunk.chunk_id for one in shown] == [chunk.chunk_id for chunk in found]
    assert [one.fused_rank for one in shown] == [1, 2, 3]
    for one, chunk in zip(shown, found, strict=True):
        assert one.chunk.score == pytest.approx(chunk.score)
        assert one.chunk.relevance == pytest.approx(chunk.relevance)


def test_best_of_each_leg_and_asked_passages_are_explained(instance: Instance) -> None:
    best = {one.chunk.document_name for one in explained(instance, 1)}
    assert best == {"meaning", "words"}
    (neither,) = (one for one in explained(instance, 10) if one.chunk.document_name == "neither")
    assert len(explained(instance, 1, (neither.chunk.chunk_id,))) == 3


def test_passages_of_another_instance_are_not_explained(instance: Instance) -> None:
    assert explained(InstanceFactory(), 10) == []
