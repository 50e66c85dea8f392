"""``/api/v1``: what is refused, with which status and code."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ingestion.models import Document
from instances.access.api_keys import create_api_key, revoke
from instances.tenancy import tenant
from tests.cast import Cast
from tests.factories import DocumentFactory
from tests.ingestion.api.client import URL, post


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


def test_text_of_unfinished_document_is_a_409(cast: Cast, with_key: Callable[..., Client]) -> None:
    document = DocumentFactory(instance=cast.instance, status=Document.Status.QUEUED)
    response = with_key(cast.instance).get(f"{URL}/{document.pk}/text")
    assert (response.status_code, response.json()["error"]["code"]) == (409, "not_ready")


def test_two_files_in_a_request_are_refused(cast: Cast, with_key: Callable[..., Client]) -> None:
    files = [SimpleUploadedFile("a.txt", b"one"), SimpleUploadedFile("b.txt", b"two")]
    response = with_key(cast.instance).post(URL, {"file": files})
    assert (response.status_code, response.json()["error"]["code"]) == (422, "one_file")


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
