"""Documents that match what a question says of them, and searches in them, over HTTP."""

import pytest
from django.test import Client

from ingestion.models import Document
from instances.access.api_keys import create_api_key
from instances.tenancy import tenant

pytestmark = pytest.mark.django_db(transaction=True)
LEAVE = "combien de jours de congé ont les doctorants ?"


@pytest.fixture
def dated(library):
    """The library with a circular of 2023, a report whose title says 2021, and one undated."""
    with tenant(library.instance):
        documents = Document.objects.for_instance(library.instance)
        documents.filter(name="conges.txt").update(category="Circulaire", dated="2023-05-02")
        documents.filter(name="missions.txt").update(title="Rapport d'activité 2021")
    return library


def found(dated, query: str, **options: object) -> tuple[list[str], dict | None]:
    _key, plaintext = create_api_key(
        instance=dated.instance, name="test", scope="chat", created_by=None
    )
    response = Client(headers={"Authorization": f"Bearer {plaintext}"}).post(
        "/api/v1/search", {"query": query, **options}, content_type="application/json"
    )
    assert response.status_code == 200
    data = response.json()
    return sorted({each["document"] for each in data["results"]}), data["filters"]


def test_search_is_restricted_to_the_kind_and_year_of_the_question(dated):
    names, filters = found(dated, f"Selon les circulaires de 2023, {LEAVE}")
    assert names == ["conges.txt"]
    assert filters == {
        "kind": "circulaires",
        "since": "2023-01-01",
        "until": "2023-12-31",
        "latest": False,
        "documents": 1,
        "kept": True,
    }


def test_filter_can_be_left_out(dated):
    question = f"Selon les circulaires de 2023, {LEAVE}"
    names, filters = found(dated, question, filters=False)
    assert len(names) > 1
    assert filters is None


def test_all_documents_are_searched_when_those_named_do_not_answer(dated):
    names, filters = found(dated, f"Dans le rapport d'activité 2021, {LEAVE}")
    assert "conges.txt" in names
    assert filters is not None
    assert filters["kept"] is False


def test_kind_without_documents_is_no_filter(dated):
    _names, filters = found(dated, f"Selon les arrêtés de 2023, {LEAVE}")
    assert filters is None


def test_latest_document_of_a_kind_is_searched(dated):
    with tenant(dated.instance):
        other = Document.objects.for_instance(dated.instance).get(name="bibliotheque.txt")
        other.category, other.dated = "circulaire", "2020-01-01"
        other.save()
    names, filters = found(dated, f"Selon la dernière circulaire, {LEAVE}")
    assert names == ["conges.txt"]
    assert filters is not None
    assert (filters["latest"], filters["since"]) == (True, "2023-05-02")
