"""The indexes of a large instance: made, used, dropped."""

import numpy as np
import pytest
from django.db import connection, connections

from ingestion import statistics
from instances.models import Instance
from instances.tenancy import tenant
from retrieval import instance_indexes
from retrieval.search import search_embedded
from tests.factories import InstanceFactory
from tests.retrieval.indexing import add_document

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])

N_CHUNKS = 40


@pytest.fixture
def low_threshold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instance_indexes, "LARGE_INSTANCE_CHUNKS", N_CHUNKS)
    monkeypatch.setattr(instance_indexes, "DROP_BELOW_CHUNKS", N_CHUNKS // 2)


@pytest.fixture
def vectors() -> np.ndarray:
    vectors = np.random.default_rng(1).normal(size=(N_CHUNKS, 8)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def ranked(instance: Instance, embedding: np.ndarray) -> list[int]:
    with tenant(instance):
        found = search_embedded(instance=instance, query="règle 7", embedding=embedding, limit=8)
        return [chunk.chunk_id for chunk in found]


def test_a_large_instance_gets_an_index_and_loses_it_when_it_shrinks(
    low_threshold: None, vectors: np.ndarray
) -> None:
    large, small = InstanceFactory(), InstanceFactory()
    document = add_document(large, *((f"Règle {n}.", v) for n, v in enumerate(vectors)))
    add_document(small, ("Règle 7.", vectors[0]))
    exact = [ranked(large, vector) for vector in vectors[:5]]

    instance_indexes.maintain_indexes()
    assert instance_indexes.has_indexes(large.pk)
    assert not instance_indexes.has_indexes(small.pk)
    assert [ranked(large, vector) for vector in vectors[:5]] == exact
    assert len(ranked(small, vectors[0])) == 1

    with tenant(large):
        statistics.withdraw(document)
    instance_indexes.maintain_indexes()
    assert not instance_indexes.has_indexes(large.pk)
    connections["owner"].close()


def test_the_statement_reads_the_index(low_threshold: None, vectors: np.ndarray) -> None:
    instance = InstanceFactory()
    add_document(instance, *((f"Règle {n}.", v) for n, v in enumerate(vectors)))
    instance_indexes.maintain_indexes()
    with tenant(instance), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute(
            "EXPLAIN SELECT id FROM ingestion_chunk WHERE instance_id = %s AND terms IS NOT NULL"
            " ORDER BY embedding::halfvec(8) <#> %s::halfvec(8) LIMIT 5",
            [instance.pk, str(vectors[0].tolist())],
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert f"chunks_of_instance_{instance.pk}_embedding" in plan
    connections["owner"].close()
