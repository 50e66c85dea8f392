"""``/api/v1``: documents and search, for programs."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ingestion.attempts.locking import Attempt
from ingestion.pipeline import ingest_document
from instances.tenancy import tenant
from tests.cast import Cast, make_cast
from tests.factories import DocumentFactory, DocumentPageFactory
from tests.ingestion.api.client import URL, post
from usage.models import UsageRecord


def test_document_is_created_once(
    cast: Cast, with_key: Callable[..., Client], no_broker: None
) -> None:
    client = with_key(cast.instance)
    first = post(client, "note.txt", "Le secrétariat ouvre à neuf heures.".encode())
    assert first.status_code == 201
    body = first.json()
    assert (body["status"], body["media_type"], body["error"]) == ("queued", "text/plain", None)
    again = post(client, "copie.txt", "Le secrétariat ouvre à neuf heures.".encode())
    assert again.status_code == 200
    assert again.json()["id"] == body["id"]
    listed = client.get(URL)
    assert [document["id"] for document in listed.json()] == [body["id"]]
    assert listed["X-Total-Count"] == "1"
    assert client.get(URL, {"status": "ready"}).json() == []
    assert client.get(f"{URL}/{body['id']}").json() == body


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("می\u200cخواهم.txt", "می\u200cخواهم.txt"),
        ("👩\u200d🎓 inscription.txt", "👩\u200d🎓 inscription.txt"),
        ("C:\\notes\\a\u200bb\u202e.txt", "ab.txt"),
    ],
    ids=["Persian", "emoji", "path and invisible characters"],
)
def test_joiners_are_kept_in_file_names(
    cast: Cast, with_key: Callable[..., Client], no_broker: None, sent: str, kept: str
) -> None:
    assert post(with_key(cast.instance), sent, b"Neuf heures.").json()["name"] == kept


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("count", [1, 2, 120], ids=["one page", "two pages", "more than a batch"])
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators")
def test_text_is_plain_or_page_by_page(with_key: Callable[..., Client], count: int) -> None:
    cast = make_cast()
    document = DocumentFactory(instance=cast.instance)
    texts = [f"Une « page », la {number}\u1d49." for number in range(1, count + 1)]
    for number, text in enumerate(texts, start=1):
        DocumentPageFactory(instance=cast.instance, document=document, number=number, text=text)
    client, url = with_key(cast.instance), f"{URL}/{document.pk}/text"
    assert b"".join(client.get(url)).decode() == "\f".join(texts)
    told = json.loads(b"".join(client.get(url, headers={"Accept": "application/json"})))
    assert (told["id"], told["unit"]) == (str(document.pk), "page")
    assert [page["text"] for page in told["pages"]] == texts


def test_ready_document_with_warning_says_what_was_left_out(
    cast: Cast, with_key: Callable[..., Client]
) -> None:
    warnings = [{"code": "image_only_pages", "details": ["2", "5"]}]
    document = DocumentFactory(instance=cast.instance, warnings=warnings)
    told = with_key(cast.instance).get(f"{URL}/{document.pk}").json()
    assert told["status"] == "ready"
    (warning,) = told["warnings"]
    assert warning == {**warnings[0], "message": warning["message"]}
    assert "2, 5" in warning["message"]


def test_limit_zero_lists_nothing_and_counts(cast: Cast, with_key: Callable[..., Client]) -> None:
    DocumentFactory(instance=cast.instance)
    response = with_key(cast.instance).get(f"{URL}?limit=0")
    assert response.json() == []
    assert int(response["X-Total-Count"]) > 0


def test_deleting_removes_rows_and_file(
    cast: Cast,
    with_key: Callable[..., Client],
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    document = DocumentFactory(instance=cast.instance)
    client = with_key(cast.instance)
    with django_capture_on_commit_callbacks(execute=True):
        assert client.delete(f"{URL}/{document.pk}").status_code == 204
    assert not document.file.storage.exists(document.file.name)
    assert client.get(f"{URL}/{document.pk}").status_code == 404


def test_instance_is_described(cast: Cast, with_key: Callable[..., Client]) -> None:
    body = with_key(cast.instance, "chat").get("/api/v1/instance").json()
    assert (body["slug"], body["name"]) == ("law", "Faculté de droit")


def test_openapi_describes_the_contract() -> None:
    paths = Client().get("/api/openapi.json").json()["paths"]
    assert {
        "/api/v1/instance",
        "/api/v1/documents",
        "/api/v1/documents/{document_id}",
        "/api/v1/documents/{document_id}/text",
        "/api/v1/search",
        "/v1/models",
        "/v1/chat/completions",
    } <= paths.keys()
    page = Client().get("/api/docs").content.decode()
    assert all(f"<code>{path}</code>" in page for path in paths)
    assert "<code>query</code>" in page


@pytest.mark.django_db(transaction=True)
def test_search_finds_the_passage_with_its_page(
    library: Cast, with_key: Callable[..., Client]
) -> None:
    response = with_key(library.instance, "chat").post(
        "/api/v1/search",
        {"query": "Combien de jours de congé ont les doctorants ?", "top_k": 2},
        content_type="application/json",
    )
    assert response.status_code == 200
    best = response.json()["results"][0]
    assert (best["document"], best["page"]) == ("conges.txt", 1)
    assert "vingt-cinq jours" in best["text"]
    timing = response.json()["timing_ms"]
    assert timing["total"] >= timing["search"]
    with tenant(library.instance):
        record = UsageRecord.objects.get(kind="embedding")
    assert (record.method, record.energy_wh > 0, record.api_key_id > 0) == ("local", True, True)


@pytest.mark.django_db(transaction=True)
def test_search_of_another_instance_finds_nothing(
    library: Cast, with_key: Callable[..., Client]
) -> None:
    response = with_key(library.other_instance, "chat").post(
        "/api/v1/search", {"query": "congés"}, content_type="application/json"
    )
    assert response.json()["results"] == []


@pytest.mark.django_db(transaction=True)
def test_uploaded_document_becomes_ready(
    transactional_db: None,
    cast: Cast,
    embeddings: None,
    no_broker: None,
    with_key: Callable[..., Client],
) -> None:
    client = with_key(cast.instance)
    body = post(
        client, "note.md", "# Horaires\n\nLe secrétariat ouvre à neuf heures.".encode()
    ).json()
    ingest_document(Attempt(cast.instance.pk, uuid.UUID(body["id"]), 1))
    ready = client.get(f"{URL}/{body['id']}").json()
    assert (ready["status"], ready["pages"], ready["chunks"]) == ("ready", 1, 1)


@pytest.mark.django_db(transaction=True)
def test_sensitivity_is_given_at_upload_and_filtered(
    no_broker: None, with_key: Callable[..., Client]
) -> None:
    cast = make_cast()
    client = with_key(cast.instance)
    for number, level in enumerate(("", "public", "restricted")):
        file = SimpleUploadedFile(f"{number}.txt", f"Texte numéro {number}.".encode())
        given = {"sensitivity": level}
        created = client.post(URL, {"file": file} | given)
        assert created.status_code == 201
        # At least that of the instance.
        assert created.json()["sensitivity"] == (level if level == "restricted" else "internal")

    def names(level: str) -> list[str]:
        return [one["name"] for one in client.get(URL, {"sensitivity": level}).json()]

    assert (names("restricted"), sorted(names("internal"))) == (["2.txt"], ["0.txt", "1.txt"])
    assert names("public") == []
    assert len(names("")) == 3
    file = SimpleUploadedFile("x.txt", b"x")
    assert client.post(URL, {"file": file, "sensitivity": "secret"}).status_code == 422
