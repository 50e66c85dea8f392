"""Indexes of other dimensions beside the one that answers: a question is of one of them only."""

import copy

import numpy as np
import pytest
from django.db import DataError

from ingestion.indexing import statistics
from ingestion.models import Chunk, CorpusStatistics, Document, TermStatistics
from instances.models import Instance
from instances.tenancy import tenant
from retrieval.legs import explain_search
from retrieval.search import search_embedded
from tests.factories import ChunkFactory, InstanceFactory
from tests.retrieval.indexing import add_document

pytestmark = pytest.mark.django_db

THREE = np.eye(3, dtype=np.float32)[0]
FIVE = np.eye(5, dtype=np.float32)[0]


@pytest.fixture
def document() -> Document:
    """A document with passages in index 0, of 3 dimensions, and in index 4, of 5."""
    document = add_document(InstanceFactory(), ("Le jury vote.", THREE), ("Il siège.", THREE))
    with tenant(document.instance_id):
        ChunkFactory(
            instance=document.instance,
            document=document,
            generation=4,
            position=0,
            text="Le jury vote. Il siège.",
            embedding=list(FIVE),
        )
        statistics.make_searchable(document, 4)
    return document


def in_index(instance: Instance, number: int) -> Instance:
    other = copy.copy(instance)
    other.index_generation = number
    return other


def texts(instance: Instance, embedding: np.ndarray) -> list[str]:
    with tenant(instance):
        found = search_embedded(instance=instance, query="jury", embedding=embedding, limit=9)
    return [chunk.text for chunk in found]


def test_search_reads_the_index_of_its_instance_only(document: Document) -> None:
    instance = document.instance
    assert texts(instance, THREE) == ["Le jury vote.", "Il siège."]
    assert texts(in_index(instance, 4), FIVE) == ["Le jury vote. Il siège."]
    assert texts(in_index(instance, 5), FIVE) == []
    with pytest.raises(DataError, match="dimensions"):
        texts(instance, FIVE)


def test_inspection_reads_the_same_index(document: Document) -> None:
    instance = in_index(document.instance, 4)
    with tenant(instance):
        found = explain_search(instance=instance, query="jury", embedding=FIVE, depth=9)
    assert [each.chunk.text for each in found.chunks] == ["Le jury vote. Il siège."]


def test_each_index_has_its_statistics(document: Document) -> None:
    with tenant(document.instance_id):
        counts = dict(CorpusStatistics.objects.values_list("generation", "chunk_count"))
        assert counts == {0: 2, 4: 1}
        assert statistics.withdraw(document) == [0, 4]
        assert not Chunk.objects.filter(terms__isnull=False).exists()
        assert not TermStatistics.objects.exists()
        assert set(CorpusStatistics.objects.values_list("chunk_count", flat=True)) == {0}
