"""The counters of an instance, as documents come and go."""

from collections import Counter

import pytest

from ingestion.chunking import embedding_text
from ingestion.indexing import statistics
from ingestion.indexing.lexical import analyse
from ingestion.models import Chunk, CorpusStatistics, TermStatistics
from instances.models import Instance
from instances.tenancy import tenant
from tests.factories import InstanceFactory
from tests.retrieval.indexing import add_document

pytestmark = pytest.mark.django_db


@pytest.fixture
def instance() -> Instance:
    return InstanceFactory()


def chunk_count(instance: Instance) -> int:
    with tenant(instance):
        return CorpusStatistics.objects.for_instance(instance).get().chunk_count


def frequencies(instance: Instance) -> dict[int, int]:
    with tenant(instance):
        rows = TermStatistics.objects.for_instance(instance)
        return dict(rows.values_list("term", "document_frequency"))


def expected(name: str, *texts: str) -> Counter[int]:
    counts: Counter[int] = Counter()
    for text in texts:
        counts.update(analyse(embedding_text(name, "", text)).keys())
    return counts


def test_counts_are_those_of_the_visible_chunks(instance: Instance) -> None:
    add_document(instance, ("Le jury délibère.", [1, 0]), ("Le jury vote.", [0, 1]), name="a.txt")
    add_document(instance, ("La thèse.", [1, 0]), searchable=False, name="b.txt")
    assert chunk_count(instance) == 2
    assert frequencies(instance) == expected("a.txt", "Le jury délibère.", "Le jury vote.")


def test_making_searchable_twice_changes_nothing(instance: Instance) -> None:
    document = add_document(instance, ("Le jury délibère.", [1, 0]))
    before = frequencies(instance)
    with tenant(instance):
        statistics.make_searchable(document)
    assert chunk_count(instance) == 1
    assert frequencies(instance) == before


def test_withdrawn_document_is_removed_from_counts(instance: Instance) -> None:
    add_document(instance, ("Le jury délibère.", [1, 0]), name="a.txt")
    document = add_document(instance, ("Le jury vote.", [1, 0]), name="b.txt")
    for _ in range(2):
        with tenant(instance):
            statistics.withdraw(document)
        assert chunk_count(instance) == 1
        assert frequencies(instance) == expected("a.txt", "Le jury délibère.")
    with tenant(instance):
        assert not Chunk.objects.filter(document=document, terms__isnull=False).exists()


def test_chunks_without_embedding_stay_hidden(instance: Instance) -> None:
    document = add_document(instance, ("Le jury.", [1, 0]), searchable=False)
    with tenant(instance):
        Chunk.objects.filter(document=document).update(embedding=None)
        statistics.make_searchable(document)
        assert not CorpusStatistics.objects.for_instance(instance).exists()


def test_the_spread_of_cosines_is_estimated_once_there_are_enough_chunks(
    instance: Instance,
) -> None:
    passages = [("Le jury.", [1, 0] if n % 2 else [0, 1]) for n in range(49)]
    add_document(instance, *passages)
    with tenant(instance):
        assert CorpusStatistics.objects.for_instance(instance).get().cosine_sigma is None
    add_document(instance, ("Le jury.", [1, 0]), ("Le jury.", [0, 1]))
    with tenant(instance):
        estimated = CorpusStatistics.objects.for_instance(instance).get()
    assert estimated.cosine_chunk_count == 51
    assert estimated.cosine_sigma == pytest.approx(0.5, abs=0.01)
    assert estimated.centroid == pytest.approx([0.5, 0.5], abs=0.02)


def test_centroid_of_a_small_instance_is_that_of_all_its_chunks(instance: Instance) -> None:
    add_document(instance, *[("Le jury.", [1, 0])] * 4)
    with tenant(instance):
        assert CorpusStatistics.objects.for_instance(instance).get().centroid is None
    for n in range(4):
        add_document(instance, ("Le jury.", [0, 1]), name=f"{n}")
    with tenant(instance):
        estimated = CorpusStatistics.objects.for_instance(instance).get()
    assert estimated.centroid == pytest.approx([0.5, 0.5], abs=0.01)
    assert estimated.cosine_sigma is None
