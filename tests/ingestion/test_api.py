"""``/api/v1``: documents and search, for programs."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ingestion.attempts.locking import Attempt
from ingestion.models import Document
from ingestion.pipeline import ingest_document
from instances.access.api_keys import create_api_key, revoke
from instances.models import Instance
from instances.tenancy import tenant
from tests.cast import Cast, make_cast
from tests.factories import DocumentFactory, DocumentPageFactory
from usage.models import UsageRecord

URL = "/api/v1/documents"


@pytest.fixture
def with_key() -> Callable[..., Client]:
    """``with_key(instance, scope)``: a client that holds a key of the instance."""

    def make(instance: Instance, scope: str = "manage") -> Client:
        _key, plaintext = create_api_key(
            instance=instance, name="test", scope=scope, created_by=None
        )
        return Client(headers={"Authorization": f"Bearer {plaintext}"})

    return make


def post(client: Client, name: str, content: bytes) -> Any:
    return client.post(URL, {"file": SimpleUploadedFile(name, content)})


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


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("empty.txt", b"", 422, "empty"),
        ("cut.docx", b"PK\x03\x04" + bytes(200), 422, "corrupt"),
        ("program.exe", b"MZ\x90\x00" + bytes(200), 415, "unsupported_media_type"),
    ],
    ids=["empty", "corrupt", "unsupported"],
)
def test_refused_file_has_error_and_is_not_stored(
    cast: Cast, with_key: Callable[..., Client], name: str, content: bytes, status: int, code: str
) -> None:
    response = post(with_key(cast.instance), name, content)
    assert response.status_code == status
    assert response.json()["error"]["code"] == code
    assert response.json()["error"]["message"]
    with tenant(cast.instance):
        assert not Document.objects.exists()


def test_file_too_large_is_a_413(
    cast: Cast, with_key: Callable[..., Client], settings: Any
) -> None:
    settings.MAX_UPLOAD_BYTES = 1000
    response = post(with_key(cast.instance), "long.txt", b"mot " * 500)
    assert response.status_code == 413
    assert response.json()["error"]["code"] == "too_large"


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


def test_text_of_unfinished_document_is_a_409(cast: Cast, with_key: Callable[..., Client]) -> None:
    document = DocumentFactory(instance=cast.instance, status=Document.Status.QUEUED)
    response = with_key(cast.instance).get(f"{URL}/{document.pk}/text")
    assert (response.status_code, response.json()["error"]["code"]) == (409, "not_ready")


def test_two_files_in_a_request_are_refused(cast: Cast, with_key: Callable[..., Client]) -> None:
    files = [SimpleUploadedFile("a.txt", b"one"), SimpleUploadedFile("b.txt", b"two")]
    response = with_key(cast.instance).post(URL, {"file": files})
    assert (response.status_code, response.json()["error"]["code"]) == (422, "one_file")


def test_limit_zero_lists_nothing_and_counts(cast: Cast, with_key: Callable[..., Client]) -> None:
    DocumentFactory(instance=cast.instance)
    response = with_key(cast.instance).get(f"{URL}?limit=0")
    assert response.json() == []
    assert int(response["X-Total-Count"]) > 0


@pytest.mark.parametrize(
    "query",
    [
        "status=nonsense",
        "status=%00",
        "offset=99999999999999999999",
        "offset=-1",
        "limit=many",
        "limit=-1",
    ],
)
def test_invalid_filter_is_a_422(cast: Cast, with_key: Callable[..., Client], query: str) -> None:
    response = with_key(cast.instance).get(f"{URL}?{query}")
    assert (response.status_code, response.json()["error"]["code"]) == (422, "invalid_request")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", f"{URL}/no-uuid", 404, "not_found"),
        ("DELETE", f"{URL}/no-uuid", 404, "not_found"),
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/v1/nothing", 404, "not_found"),
        ("PUT", URL, 405, "method_not_allowed"),
        ("GET", "/v1/chat/completions", 405, "method_not_allowed"),
    ],
)
def test_every_failure_has_the_same_shape(
    cast: Cast, with_key: Callable[..., Client], method: str, path: str, status: int, code: str
) -> None:
    response = with_key(cast.instance).generic(method, path)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert response.json()["error"]["message"]


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


def test_key_of_another_instance_sees_nothing(cast: Cast, with_key: Callable[..., Client]) -> None:
    document = DocumentFactory(instance=cast.instance)
    stranger = with_key(cast.other_instance)
    assert stranger.get(URL).json() == []
    for response in (
        stranger.get(f"{URL}/{document.pk}"),
        stranger.get(f"{URL}/{document.pk}/text"),
        stranger.delete(f"{URL}/{document.pk}"),
        stranger.get(f"{URL}/{uuid.uuid4()}"),
    ):
        assert response.status_code == 404
        assert response.json()["error"]["code"] == "not_found"


def test_chat_key_may_read_but_not_write(cast: Cast, with_key: Callable[..., Client]) -> None:
    document = DocumentFactory(instance=cast.instance)
    client = with_key(cast.instance, "chat")
    assert client.get(f"{URL}/{document.pk}").status_code == 200
    assert post(client, "note.txt", b"words").status_code == 403
    assert client.delete(f"{URL}/{document.pk}").status_code == 403


def test_request_without_valid_key_is_refused(cast: Cast, with_key: Callable[..., Client]) -> None:
    assert Client().get(URL).status_code == 401
    assert Client(headers={"Authorization": "Bearer rag_no"}).get(URL).status_code == 401
    key, plaintext = create_api_key(
        instance=cast.instance, name="old", scope="chat", created_by=None
    )
    with tenant(cast.instance):
        revoke(key)
    revoked = Client(headers={"Authorization": f"Bearer {plaintext}"}).get(URL)
    assert revoked.status_code == 401
    assert revoked.json()["error"]["code"] == "invalid_api_key"


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
