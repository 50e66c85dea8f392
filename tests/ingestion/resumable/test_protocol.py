"""Conformance with the tus protocol 1.0.0: each header and each status."""

import base64
import hashlib
from email.utils import parsedate_to_datetime

import pytest
from django.utils import timezone

from ingestion.models import ResumableUpload
from instances.tenancy import tenant
from tests.cast import Cast
from tests.ingestion.resumable.sending import (
    OCTETS,
    TEXT,
    UPLOADS,
    TusClient,
    content_of,
    documents,
    metadata,
    row,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]

HALF = len(TEXT) // 2


def checksum(body: bytes, algorithm: str = "sha1") -> dict[str, str]:
    digest = hashlib.new(algorithm, body).digest()
    return {"Upload-Checksum": f"{algorithm} {base64.b64encode(digest).decode()}"}


def test_options_name_versions_extensions_and_sizes(editor: TusClient, settings) -> None:
    settings.MAX_RESUMABLE_BYTES = 12345
    for url in (UPLOADS, f"{UPLOADS}{'0' * 8}-0000-4000-8000-{'0' * 12}/"):
        response = editor.client.options(url)
        assert response.status_code == 204
        assert response["Tus-Resumable"] == response["Tus-Version"] == "1.0.0"
        assert response["Tus-Max-Size"] == "12345"
        assert set(response["Tus-Extension"].split(",")) == {
            "creation",
            "creation-with-upload",
            "expiration",
            "checksum",
            "termination",
        }
        assert response["Tus-Checksum-Algorithm"].split(",") == ["sha1", "sha256"]


def test_file_is_created_sent_in_two_pieces_and_stored(editor: TusClient, cast: Cast) -> None:
    created = editor.create(folder="Droit/2026")
    assert created.status_code == 201
    assert created["Tus-Resumable"] == "1.0.0"
    assert parsedate_to_datetime(created["Upload-Expires"]) > timezone.now()
    url = created["Location"]
    first = editor.send(url, TEXT[:HALF], 0)
    assert (first.status_code, first["Upload-Offset"]) == (204, str(HALF))
    assert first["Tus-Resumable"] == "1.0.0"
    assert first["Upload-Expires"]
    head = editor.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert (head["Upload-Offset"], head["Upload-Length"]) == (str(HALF), str(len(TEXT)))
    assert head["Cache-Control"] == "no-store"
    assert head["Upload-Metadata"] == metadata(filename="horaires.txt", folder="Droit/2026")
    assert documents(cast.instance) == []
    last = editor.send(url, TEXT[HALF:], HALF)
    assert (last.status_code, last["Upload-Offset"]) == (204, str(len(TEXT)))
    (document,) = documents(cast.instance)
    assert (last["Upload-Outcome"], last["Upload-Document"]) == ("stored", str(document.pk))
    assert (document.name, document.folder) == ("horaires.txt", "Droit/2026")
    assert content_of(document) == TEXT
    assert document.sha256 == hashlib.sha256(TEXT).hexdigest()
    assert document.uploaded_by_id == cast.editor.pk
    # The end of the transfer was not heard: the offset still says that all is here.
    assert editor.head(url)["Upload-Offset"] == str(len(TEXT))


def test_small_file_is_stored_with_its_announcement(editor: TusClient, cast: Cast) -> None:
    created = editor.create(body=TEXT)
    assert (created.status_code, created["Upload-Offset"]) == (201, str(len(TEXT)))
    (document,) = documents(cast.instance)
    answer = created.json()
    assert (answer["outcome"], answer["document_id"]) == ("stored", str(document.pk))
    assert answer["url"] == f"/i/law/documents/{document.pk}/"
    assert editor.state(created["Location"]) == answer
    assert content_of(document) == TEXT


def test_first_bytes_may_come_with_the_announcement(editor: TusClient, cast: Cast) -> None:
    created = editor.create(body=TEXT[:HALF])
    assert (created.status_code, created["Upload-Offset"]) == (201, str(HALF))
    assert editor.send(created["Location"], TEXT[HALF:], HALF).status_code == 204
    assert [content_of(document) for document in documents(cast.instance)] == [TEXT]


@pytest.mark.parametrize("version", [None, "0.2.2"], ids=["none", "another"])
def test_another_version_is_refused(editor: TusClient, version: str | None) -> None:
    url = editor.create()["Location"]
    headers = {"Tus-Resumable": version}
    for response in (
        editor.create(headers=headers),
        editor.send(url, TEXT, 0, headers=headers),
        editor.client.delete(url),
    ):
        assert response.status_code == 412
        assert response["Tus-Version"] == "1.0.0"
        assert len(response.json()["error"]["message"]) > 20
    assert editor.head(url)["Upload-Offset"] == "0"


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Upload-Length": None}, 400, "length"),
        ({"Upload-Length": "-1"}, 400, "length"),
        ({"Upload-Length": "1e3"}, 400, "length"),
        ({"Upload-Length": None, "Upload-Defer-Length": "1"}, 400, "length"),
        ({"Upload-Length": "2000000001"}, 413, "too_large"),
        ({"Upload-Metadata": "filename not-base64"}, 400, "metadata"),
        ({"Upload-Metadata": "filename YQ==,filename YQ=="}, 400, "metadata"),
        ({"Upload-Metadata": "filename AA=="}, 400, "metadata"),
        ({"Upload-Metadata": metadata(sensitivity="secret")}, 400, "sensitivity"),
        ({"Upload-Metadata": metadata(replaces="x")}, 404, "replaces"),
    ],
)
def test_wrong_announcement_is_refused(
    editor: TusClient, cast: Cast, headers: dict[str, str], status: int, code: str
) -> None:
    response = editor.create(headers=headers)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert len(response.json()["error"]["message"]) > 20
    with tenant(cast.instance):
        assert not ResumableUpload.objects.for_instance(cast.instance).exists()


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Upload-Offset": None}, 400, "offset"),
        ({"Upload-Offset": "x"}, 400, "offset"),
        ({"Upload-Offset": "3"}, 409, "offset_differs"),
        ({"Content-Type": "text/plain"}, 415, "content_type"),
        ({"Upload-Checksum": "crc32 AAAAAA=="}, 400, "checksum"),
        ({"Upload-Checksum": "sha1 ???"}, 400, "checksum"),
        ({"Upload-Checksum": "sha1 AAAA"}, 460, "checksum_differs"),
    ],
)
def test_wrong_piece_is_refused_and_not_kept(
    editor: TusClient, headers: dict[str, str], status: int, code: str
) -> None:
    url = editor.create()["Location"]
    response = editor.send(url, TEXT[:HALF], 0, headers=headers)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert len(response.json()["error"]["message"]) > 20
    assert editor.head(url)["Upload-Offset"] == "0"


def test_more_bytes_than_announced_are_refused(editor: TusClient, cast: Cast) -> None:
    url = editor.create(10)["Location"]
    assert editor.send(url, b"x" * 11, 0).status_code == 413
    assert editor.head(url)["Upload-Offset"] == "0"
    assert editor.create(10, body=b"x" * 11).status_code == 413
    assert documents(cast.instance) == []


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_bytes_with_a_right_checksum_are_kept(
    editor: TusClient, cast: Cast, algorithm: str
) -> None:
    first, second = TEXT[:HALF], TEXT[HALF:]
    url = editor.create(body=first, headers=checksum(first, algorithm))["Location"]
    wrong = editor.send(url, second, HALF, headers=checksum(first, algorithm))
    assert wrong.status_code == 460
    right = editor.send(url, second, HALF, headers=checksum(second, algorithm))
    assert right.status_code == 204
    assert [content_of(document) for document in documents(cast.instance)] == [TEXT]


def test_stopped_upload_is_gone_with_its_bytes(editor: TusClient, cast: Cast, stored) -> None:
    url = editor.create(body=TEXT[:HALF])["Location"]
    assert len(stored()) == 1
    response = editor.stop(url)
    assert (response.status_code, response["Tus-Resumable"]) == (204, "1.0.0")
    assert stored() == []
    assert editor.head(url).status_code == 404
    assert "Upload-Offset" not in editor.head(url)
    assert editor.send(url, TEXT[HALF:], HALF).status_code == 404
    with tenant(cast.instance):
        totals = cast.instance.holdings
    assert (totals.reserved_documents, totals.reserved_bytes) == (0, 0)


def test_method_may_be_given_in_a_header(editor: TusClient, cast: Cast) -> None:
    url = editor.create()["Location"]
    headers = {
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": "0",
        "X-HTTP-Method-Override": "PATCH",
    }
    sent = editor.client.generic("POST", url, TEXT, content_type=OCTETS, headers=headers)
    assert sent.status_code == 204
    assert len(documents(cast.instance)) == 1
    headers["X-HTTP-Method-Override"] = "DELETE"
    assert editor.client.get(url, headers=headers).status_code == 200
    assert editor.client.generic("POST", url, b"", headers=headers).status_code == 204
    assert editor.head(url).status_code == 404


def test_finished_upload_takes_no_more_bytes(editor: TusClient, cast: Cast) -> None:
    url = editor.create(body=TEXT)["Location"]
    assert editor.send(url, b"x", len(TEXT)).status_code == 409
    assert row(cast.instance).pieces == []
    assert [content_of(document) for document in documents(cast.instance)] == [TEXT]
