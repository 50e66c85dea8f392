"""Search in large instances: candidates of the approximate index, ranked exactly."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from ingestion.indexing import statistics
from ingestion.indexing.generations import SearchIndex, active_index
from ingestion.indexing.shards import building
from ingestion.models import Chunk, Document, IndexShard, ShardList
from ingestion.tasks import build_shards
from instances.models import Instance
from instances.tenancy import tenant
from retrieval import candidates
from retrieval.legs import explain_search
from retrieval.ranking import prepare_query, rank_chunks, rank_exactly
from tests.factories import InstanceFactory
from tests.retrieval.indexing import add_document

pytestmark = pytest.mark.django_db

DIMENSIONS = 32
SUBJECTS = 12
A_DOCUMENT = 25


@pytest.fixture(autouse=True)
def _small_is_large(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Sizes at which a few hundred chunks are a large instance."""
    monkeypatch.setattr(building, "EXACT_CHUNKS", 100)
    monkeypatch.setattr(candidates, "EXACT_CHUNKS", 100)
    monkeypatch.setattr(building, "SHARD_CHUNKS", 150)
    monkeypatch.setattr(candidates, "_CANDIDATES", 30)
    candidates._shard.cache_clear()
    yield
    candidates._shard.cache_clear()


@pytest.fixture
def instance() -> Instance:
    return InstanceFactory()


def passages(first: int) -> list[tuple[str, list[float]]]:
    """Passages numbered from ``first``: the subject of number n is n % SUBJECTS."""
    random = np.random.default_rng(first)
    subjects = np.random.default_rng(0).normal(size=(SUBJECTS, DIMENSIONS))
    made = []
    for number in range(first, first + A_DOCUMENT):
        subject = number % SUBJECTS
        vector = subjects[subject] + 0.5 * random.normal(size=DIMENSIONS)
        vector /= np.linalg.norm(vector)
        made.append((f"Article A{number} du règlement{subject}.", vector.tolist()))
    return made


def fill(instance: Instance, n_documents: int, start: int = 0) -> list[Document]:
    documents = [
        add_document(instance, *passages(start + A_DOCUMENT * i), name=f"{start} {i}")
        for i in range(n_documents)
    ]
    with tenant(instance):
        long_ago = timezone.now() - timedelta(days=2)
        Document.objects.for_instance(instance).filter(
            pk__in=[document.pk for document in documents]
        ).update(finished_at=long_ago)
    return documents


def found(instance: Instance, number: int, *, exactly: bool = False) -> list[str]:
    """Texts that a question about passage ``number`` finds, best first."""
    first = number - number % A_DOCUMENT
    vector = np.array(passages(first)[number - first][1], np.float32)
    with tenant(instance):
        query = prepare_query(instance=instance, query=f"Que dit A{number} ?", embedding=vector)
        rank = rank_exactly if exactly else rank_chunks
        rows = rank(instance_id=instance.pk, query=query, limit=10)
    return [row["text"] for row in rows]


def test_index_finds_what_an_exact_search_finds(instance: Instance) -> None:
    fill(instance, 16)
    assert building.build(instance.pk, active_index(instance)) == 400
    with tenant(instance):
        assert IndexShard.objects.count() == 3
    shares = []
    for number in range(0, 400, 13):
        exact = found(instance, number, exactly=True)
        shares.append(len(set(exact) & set(found(instance, number))) / len(exact))
        assert found(instance, number)[0] == f"Article A{number} du règlement{number % SUBJECTS}."
    assert np.mean(shares) >= 0.95


def test_inspection_ranks_what_the_search_ranks(instance: Instance) -> None:
    fill(instance, 16)
    building.build(instance.pk, active_index(instance))
    vector = np.array(passages(25)[5][1], np.float32)
    with tenant(instance):
        explained = explain_search(
            instance=instance,
            query="Que dit A30 ?",
            embedding=vector,
            depth=10,
            chunk_ids=list(Chunk.objects.values_list("pk", flat=True)),
        )
    assert 10 < len(explained.chunks) < 100
    assert [one.chunk.text for one in explained.chunks[:10]] == found(instance, 30)


def test_document_published_after_the_build_is_found(instance: Instance) -> None:
    fill(instance, 6)
    building.build(instance.pk, active_index(instance))
    (document,) = fill(instance, 1, start=300)
    with tenant(instance):
        Document.objects.filter(pk=document.pk).update(finished_at=timezone.now())
    assert found(instance, 310)[0] == "Article A310 du règlement10."


def test_withdrawn_document_is_not_found(instance: Instance) -> None:
    documents = fill(instance, 6)
    building.build(instance.pk, active_index(instance))
    with tenant(instance):
        statistics.withdraw(documents[1])
    texts = found(instance, 30)
    assert texts
    assert "Article A30 du règlement6." not in texts


def test_search_in_some_documents_is_exact(instance: Instance) -> None:
    documents = fill(instance, 6)
    building.build(instance.pk, active_index(instance))
    with tenant(instance):
        query = prepare_query(
            instance=instance,
            query="A30",
            embedding=np.array(passages(25)[5][1], np.float32),
        )
        rows = rank_chunks(
            instance_id=instance.pk, query=query, limit=50, document_ids=[documents[2].pk]
        )
    assert len(rows) == A_DOCUMENT


def test_index_of_another_model_is_not_used(instance: Instance) -> None:
    fill(instance, 6)
    building.build(instance.pk, active_index(instance))
    with tenant(instance):
        IndexShard.objects.update(embedding_model="another")
        query = prepare_query(
            instance=instance, query="A30", embedding=np.ones(DIMENSIONS, np.float32)
        )
        assert candidates.find_candidates(instance.pk, query, 10) is None
        assert building.needs_build(instance.pk, active_index(instance))


def test_later_build_adds_what_is_missing(instance: Instance) -> None:
    fill(instance, 6)
    building.build(instance.pk, active_index(instance))
    with tenant(instance):
        before = set(IndexShard.objects.values_list("pk", flat=True))
        assert not building.needs_build(instance.pk, active_index(instance))
    fill(instance, 5, start=300)
    with tenant(instance):
        assert building.needs_build(instance.pk, active_index(instance))
    assert building.build(instance.pk, active_index(instance)) == 125
    with tenant(instance):
        assert before < set(IndexShard.objects.values_list("pk", flat=True))
    assert found(instance, 310)[0] == "Article A310 du règlement10."


def test_all_shards_are_built_again_when_many_chunks_are_gone(instance: Instance) -> None:
    documents = fill(instance, 8)
    building.build(instance.pk, active_index(instance))
    with tenant(instance):
        for document in documents[:3]:
            statistics.withdraw(document)
        before = set(IndexShard.objects.values_list("pk", flat=True))
    assert building.build(instance.pk, active_index(instance)) == 125
    with tenant(instance):
        assert not before & set(IndexShard.objects.values_list("pk", flat=True))
        assert ShardList.objects.exists()
    assert found(instance, 110)[0] == "Article A110 du règlement2."


def test_of_two_builds_the_first_to_end_counts(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(instance, 6)
    write = building.write
    nested: list[int] = []

    def write_after_another_build(
        instance_id: int, index: SearchIndex, content: building.ShardContent
    ) -> IndexShard:
        if not nested:
            nested.append(1)
            monkeypatch.setattr(building, "write", write)
            nested.append(building.build(instance_id, index))
        return write(instance_id, index, content)

    monkeypatch.setattr(building, "write", write_after_another_build)
    assert building.build(instance.pk, active_index(instance)) == 0
    assert nested[1] == 150
    with tenant(instance):
        assert IndexShard.objects.count() == 1


def test_small_instance_needs_no_index(instance: Instance) -> None:
    fill(instance, 1)
    with tenant(instance):
        assert not building.needs_build(instance.pk, active_index(instance))


def test_command_and_task_build_what_is_missing(instance: Instance) -> None:
    small = InstanceFactory()
    fill(instance, 6)
    fill(small, 1)
    build_shards(small.pk)
    call_command("buildshards", stdout=(output := StringIO()))
    assert output.getvalue() == f"{instance.slug}: 150 chunks\n"
    with tenant(small):
        assert not IndexShard.objects.exists()
    fill(instance, 5, start=300)
    build_shards(instance.pk)
    with tenant(instance):
        assert not building.needs_build(instance.pk, active_index(instance))
        assert sum(IndexShard.objects.values_list("chunk_count", flat=True)) == 275
    with pytest.raises(CommandError):
        call_command("buildshards", "nowhere")
