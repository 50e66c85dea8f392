"""The picker of documents, folders and tags to which a question is restricted."""

from django.urls import reverse

from ingestion.documents import groups, queries
from ingestion.models import Document
from tests.factories import DocumentFactory

Status = Document.Status


def test_picker_offers_ready_documents_by_name(cast, client_for):
    DocumentFactory(instance=cast.instance, name="Bail.txt")
    DocumentFactory(instance=cast.instance, name="Acte.txt")
    DocumentFactory(instance=cast.instance, name="Attente.txt", status=Status.QUEUED)
    client = client_for(cast.teammate)
    found = client.get(reverse("documents:picker", args=["law"])).json()
    assert [document["name"] for document in found["documents"]] == ["Acte.txt", "Bail.txt"]
    found = client.get(reverse("documents:picker", args=["law"]), {"q": "bai"}).json()
    assert [document["name"] for document in found["documents"]] == ["Bail.txt"]
    for number in range(queries.PICKER_SIZE):
        DocumentFactory(instance=cast.instance, name=f"{number:05}.txt")
    found = client.get(reverse("documents:picker", args=["law"]), {"page": "2"}).json()
    assert [document["name"] for document in found["documents"]] == ["Acte.txt", "Bail.txt"]
    assert found["total"] == queries.PICKER_SIZE + 2


def test_picker_offers_folders_with_all_their_documents(cast, client_for):
    law = {"instance": cast.instance}
    inside = [
        DocumentFactory(folder=folder, **law)
        for folder in ("Réglements", "Réglements/2026", "Réglements/2026/UFR")
    ]
    DocumentFactory(folder="Réglements/2025", status=Status.QUEUED, **law)
    DocumentFactory(folder="Réglements anciens", **law)
    DocumentFactory(folder="Réglements", instance=cast.other_instance)
    client = client_for(cast.teammate)
    picker, folder = (
        reverse(f"documents:{name}", args=["law"]) for name in ("picker", "picked_group")
    )

    found = client.get(picker, {"q": "reglements 26"}).json()["folders"]["shown"]
    assert [(one["name"], one["note"]) for one in found] == [
        ("Réglements/2026", "2 documents"),
        ("Réglements/2026/UFR", "1 document"),
    ]
    assert len(client.get(picker).json()["folders"]["shown"]) == 4
    picked = client.get(folder, {"folder": "Réglements"}).json()["ids"]
    assert picked == [str(document.pk) for document in reversed(inside)]
    assert client.get(folder).status_code == 404
    assert client_for(cast.stranger).get(folder, {"folder": "Réglements"}).status_code == 404


def test_picker_names_folders_that_are_too_large_and_says_how_many_it_leaves_out(
    cast, client_for, monkeypatch
):
    monkeypatch.setattr(groups, "MAX_GROUP_DOCUMENTS", 1)
    monkeypatch.setattr(groups, "_GROUPS_SHOWN", 2)
    for folder in ("A", "A", "B", "C"):
        DocumentFactory(instance=cast.instance, folder=folder)
    picker = reverse("documents:picker", args=["law"])
    found = client_for(cast.teammate).get(picker).json()["folders"]
    assert [(one["name"], one["is_too_large"]) for one in found["shown"]] == [
        ("A", True),
        ("B", False),
    ]
    assert found["shown"][0]["note"].startswith("2 documents: too many")
    assert found["others"] == "1 other: search for its name."
