"""A search from question to passages, with the real embedding model."""

import pytest
from asgiref.sync import async_to_sync

from inference.errors import InferenceError
from instances.models import Instance, Sensitivity
from instances.tenancy import tenant
from retrieval.results import SearchResult
from retrieval.search import asearch, search
from tests.cast import Cast
from tests.fixtures.corpus import add_document

pytestmark = pytest.mark.django_db(transaction=True)


def found(library: Cast, query: str, top_k: int = 2) -> SearchResult:
    with tenant(library.instance):
        return search(
            instance=library.instance, query=query, top_k=top_k, sensitivity=Sensitivity.INTERNAL
        )


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ("Combien de jours de congé pour un doctorant ?", "conges.txt"),
        ("How many books can I borrow?", "bibliotheque.txt"),
        ("À quelle hauteur sont remboursées les nuits d'hôtel ?", "missions.txt"),
    ],
)
def test_answering_passage_is_first(library: Cast, query: str, document: str) -> None:
    result = found(library, query)
    assert result.chunks[0].document_name == document
    assert result.relevant
    assert len(result.chunks) == 2
    assert result.timing.total_ms == result.timing.embed_ms + result.timing.search_ms


def test_question_in_other_words_is_answered_by_lenient_instances(library: Cast) -> None:
    library.instance.strictness = Instance.Strictness.LENIENT
    result = found(library, "Quel est le plafond pour une chambre d'hôtel ?")
    assert result.chunks[0].document_name == "missions.txt"
    assert result.relevant
    assert result.unknown_words == ("plafond", "chambre")


@pytest.mark.parametrize(
    "query", ["Recette de la tarte aux pommes", "Who won the world cup in 1998?"]
)
def test_query_on_another_subject_has_no_relevant_passage(library: Cast, query: str) -> None:
    result = found(library, query)
    assert result.chunks
    assert not result.relevant


def test_asynchronous_search_returns_the_same(library: Cast) -> None:
    query = "Combien de jours de congé pour un doctorant ?"
    result = async_to_sync(asearch)(
        instance=library.instance, query=query, sensitivity=Sensitivity.INTERNAL, top_k=2
    )
    assert result.chunks == found(library, query).chunks


def test_unreachable_model_server_raises_inference_error(
    library: Cast, no_embeddings: None
) -> None:
    with pytest.raises(InferenceError):
        found(library, "congé")


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("Combien est remboursé actuellement un repas de mission ?", "repas-2024.txt"),
        ("Combien était remboursé un repas de mission en 2021 ?", "repas-2019.txt"),
    ],
)
def test_rate_in_force_is_found_before_that_of_another_year(
    library: Cast, query: str, first: str
) -> None:
    text = "Frais de repas\n\nUn repas de mission est remboursé {} euros à midi, sur justificatif."
    for name, amount in (("repas-2019.txt", "quinze"), ("repas-2024.txt", "vingt")):
        add_document(library.instance, library.owner, name, text.format(amount))
    assert found(library, query).chunks[0].document_name == first
