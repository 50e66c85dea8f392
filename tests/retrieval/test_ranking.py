"""Ranking of the chunks of an instance."""

import numpy as np
import pytest

from ingestion.indexing import statistics
from ingestion.models import Chunk
from instances.models import Instance
from instances.tenancy import tenant
from retrieval.results import RetrievedChunk
from retrieval.search import search_embedded
from tests.factories import InstanceFactory
from tests.retrieval.indexing import add_document

pytestmark = pytest.mark.django_db

# One axis for each subject: the cosine is 1 within a subject, 0 between subjects.
LEAVE, LIBRARY, TRAVEL = np.eye(3, dtype=np.float32)


@pytest.fixture
def instance() -> Instance:
    return InstanceFactory()


def ranked(
    instance: Instance, query: str, embedding: np.ndarray, *, limit: int = 10, documents: tuple = ()
) -> tuple[RetrievedChunk, ...]:
    with tenant(instance):
        return search_embedded(
            instance=instance,
            query=query,
            embedding=embedding,
            limit=limit,
            document_ids=[document.pk for document in documents],
        )


def names(chunks: tuple[RetrievedChunk, ...]) -> list[str]:
    return [chunk.document_name for chunk in chunks]


def test_cosine_ranks_chunks_that_share_no_word(instance: Instance) -> None:
    add_document(instance, ("Douze ouvrages par lecteur.", LIBRARY), name="library")
    add_document(instance, ("Vingt-cinq jours par an.", LEAVE), name="leave")
    assert names(ranked(instance, "holidays", LEAVE)) == ["leave", "library"]


def test_bm25_ranks_chunks_of_equal_cosine(instance: Instance) -> None:
    add_document(instance, ("Article L1237-11 du code.", LEAVE), name="other article")
    add_document(instance, ("Article L1237-19 du code.", LEAVE), name="the article")
    assert names(ranked(instance, "l'article L1237-19", LEAVE))[0] == "the article"


def test_words_of_the_title_count(instance: Instance) -> None:
    add_document(instance, ("Il dure trois ans.", LEAVE), name="a", title="Contrat de chaire")
    add_document(instance, ("Il dure trois ans.", LEAVE), name="b", title="Contrat doctoral")
    best = ranked(instance, "durée du contrat doctoral", LEAVE)[0]
    assert (best.document_name, best.display_title) == ("b", "Contrat doctoral")


def test_chunk_has_its_page_and_both_scores(instance: Instance) -> None:
    document = add_document(
        instance, ("Le lecteur.", LIBRARY), ("Le jury vote.", TRAVEL), name="rules.pdf"
    )
    (chunk,) = ranked(instance, "jury", TRAVEL, limit=1)
    assert (chunk.document_id, chunk.document_name) == (document.pk, "rules.pdf")
    assert chunk.display_title == "rules.pdf"
    assert (chunk.page_start, chunk.page_label, chunk.text) == (2, "p. 2", "Le jury vote.")
    assert chunk.cosine == pytest.approx(1.0)
    assert chunk.bm25 > 0
    assert chunk.relevance > 0.9


def test_chunk_on_several_pages_has_the_label_of_the_last(instance: Instance) -> None:
    add_document(instance, ("Le jury vote.", TRAVEL), ("Le lecteur.", LIBRARY))
    with tenant(instance):
        Chunk.objects.filter(page_start=1).update(page_end=2)
    labels = [
        (chunk.page_label, chunk.page_end_label) for chunk in ranked(instance, "jury", TRAVEL)
    ]
    assert labels == [("p. 1", "p. 2"), ("p. 2", "")]


def test_search_can_be_restricted_to_documents(instance: Instance) -> None:
    add_document(instance, ("Le jury vote.", TRAVEL), name="best")
    chosen = add_document(instance, ("Le lecteur.", LIBRARY), name="chosen")
    assert names(ranked(instance, "jury", TRAVEL, documents=(chosen,))) == ["chosen"]


def test_other_instances_are_not_searched(instance: Instance) -> None:
    add_document(InstanceFactory(), ("Le jury vote.", TRAVEL), name="secret")
    add_document(instance, ("Le lecteur.", LIBRARY), name="ours")
    assert names(ranked(instance, "jury", TRAVEL)) == ["ours"]


def test_nothing_is_found_outside_the_tenant(instance: Instance) -> None:
    add_document(instance, ("Le jury vote.", TRAVEL))
    found = search_embedded(instance=instance, query="jury", embedding=TRAVEL, limit=10)
    assert found == ()


def test_document_is_found_only_while_searchable(instance: Instance) -> None:
    document = add_document(instance, ("Le jury vote.", TRAVEL), searchable=False)
    assert ranked(instance, "jury", TRAVEL) == ()
    with tenant(instance):
        statistics.make_searchable(document)
    assert len(ranked(instance, "jury", TRAVEL)) == 1
    with tenant(instance):
        statistics.withdraw(document)
    assert ranked(instance, "jury", TRAVEL) == ()


@pytest.mark.parametrize("query", ["", "?!", "quel est le", "xyzzy"])
def test_query_without_known_words_is_ranked_by_cosine(instance: Instance, query: str) -> None:
    add_document(instance, ("Le jury vote.", TRAVEL), name="far")
    add_document(instance, ("Le lecteur.", LIBRARY), name="near")
    assert names(ranked(instance, query, LIBRARY)) == ["near", "far"]


def test_nothing_is_found_in_an_empty_instance(instance: Instance) -> None:
    assert ranked(instance, "jury", TRAVEL) == ()


def test_equal_scores_are_sorted_by_id(instance: Instance) -> None:
    for n in range(5):
        add_document(instance, (f"Le jury vote. {n}", TRAVEL), name=f"rules {n}")
    found = [chunk.chunk_id for chunk in ranked(instance, "jury", TRAVEL)]
    with tenant(instance):
        assert found == sorted(Chunk.objects.values_list("pk", flat=True))


def test_copies_are_found_once_and_named(instance: Instance) -> None:
    for name in ("rules", "copy", "another copy"):
        add_document(instance, ("Le jury vote.", TRAVEL), name=name)
    add_document(instance, ("Le jury ne vote pas.", TRAVEL), name="amendment")
    found = ranked(instance, "jury", TRAVEL)
    assert [(chunk.document_name, len(chunk.copies)) for chunk in found] == [
        ("rules", 2),
        ("amendment", 0),
    ]
    assert found[0].titles_of_copies == ["copy", "another copy"]
