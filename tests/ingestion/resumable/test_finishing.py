"""The end of uploads: documents, duplicates, versions, refusals, passwords, killed processes."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from administration.lifecycle.contents import walk
from ingestion.errors import SandboxUnavailable
from ingestion.models import Document, ResumableUpload
from ingestion.resumable import expiry
from ingestion.resumable.finishing import finish_upload
from instances.tenancy import tenant
from tests.cast import Cast
from tests.factories import DocumentFactory
from tests.ingestion.factories import ResumableUploadFactory
from tests.ingestion.files.locked_files import PASSWORD, locked_pdf
from tests.ingestion.resumable.sending import TEXT, TusClient, content_of, documents, row

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]

State = ResumableUpload.State


def send(editor: TusClient, content: bytes, **pairs: str) -> dict[str, Any]:
    """Send a file in two requests; return its outcome."""
    url = editor.create(len(content), body=content[:5], **pairs)["Location"]
    editor.send(url, content[5:], 5)
    return editor.state(url) | {"location": url}


def change(cast: Cast, **fields: Any) -> None:
    with tenant(cast.instance):
        ResumableUpload.objects.for_instance(cast.instance).update(**fields)


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "in pieces"])
def test_bytes_that_are_here_give_their_document(
    editor: TusClient, cast: Cast, stored: Callable[[], list[str]], *, at_once: bool
) -> None:
    editor.create(body=TEXT)
    if at_once:
        answer = editor.create(body=TEXT, filename="copie.txt").json()
    else:
        answer = send(editor, TEXT, filename="copie.txt")
    (document,) = documents(cast.instance)
    assert (answer["outcome"], answer["document_id"]) == ("duplicate", str(document.pk))
    assert document.name == answer["name"] == "horaires.txt"
    assert stored() == []


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "empty.txt", "empty"),
        (b"8BPS\0\1" + bytes(200), "poster.pdf", "unsupported_media_type"),
    ],
    ids=["empty", "a Photoshop file named .pdf"],
)
def test_refused_file_says_why_and_leaves_nothing(
    editor: TusClient,
    cast: Cast,
    stored: Callable[[], list[str]],
    content: bytes,
    name: str,
    code: str,
) -> None:
    created = editor.create(len(content), body=content, filename=name)
    answer = editor.state(created["Location"])
    assert (answer["outcome"], answer["error"]["code"]) == ("refused", code)
    assert len(answer["error"]["message"]) > 20
    assert documents(cast.instance) == []
    assert list(walk(default_storage, str(cast.instance.pk))) == []
    with tenant(cast.instance):
        assert cast.instance.holdings.reserved_documents == 0


def test_new_version_takes_the_place_of_a_document(editor: TusClient, cast: Cast) -> None:
    replaced = DocumentFactory(instance=cast.instance, folder="Droit", status="failed")
    answer = send(editor, TEXT, replaces=str(replaced.pk))
    (document,) = documents(cast.instance)
    assert answer["document_id"] == str(document.pk)
    assert (document.folder, document.series) == ("Droit", replaced.series)


def test_version_of_a_document_of_another_instance_is_refused(
    editor: TusClient, cast: Cast
) -> None:
    foreign = DocumentFactory(instance=cast.other_instance)
    response = editor.create(replaces=str(foreign.pk))
    assert (response.status_code, response.json()["error"]["code"]) == (404, "replaces")


def test_version_of_a_deleted_document_is_refused_at_the_end(editor: TusClient, cast: Cast) -> None:
    replaced = DocumentFactory(instance=cast.instance)
    url = editor.create(replaces=str(replaced.pk))["Location"]
    with tenant(cast.instance):
        replaced.delete()
    editor.send(url, TEXT, 0)
    assert editor.state(url)["error"]["code"] == "replaces"
    assert documents(cast.instance) == []


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "in pieces"])
def test_password_is_asked_for_without_sending_the_file_again(
    editor: TusClient, cast: Cast, tmp_path: Any, *, at_once: bool
) -> None:
    content = locked_pdf(tmp_path / "releve.pdf").read_bytes()
    if at_once:
        url = editor.create(len(content), body=content, filename="releve.pdf")["Location"]
    else:
        url = send(editor, content, filename="releve.pdf")["location"]
    assert editor.state(url)["outcome"] == "needs_password"
    expiry.finish_left_uploads()
    wrong = editor.client.post(f"{url}finish/", {"password": "autre"}).json()
    assert (wrong["outcome"], wrong["error"]["code"]) == ("needs_password", "wrong_password")
    right = editor.client.post(f"{url}finish/", {"password": PASSWORD}).json()
    assert right["outcome"] == "stored"
    (document,) = documents(cast.instance)
    assert document.name == "releve.pdf"
    assert PASSWORD not in str(row(cast.instance).__dict__)


def test_password_is_refused_before_the_last_byte(editor: TusClient) -> None:
    url = editor.create()["Location"]
    response = editor.client.post(f"{url}finish/", {"password": "x"})
    assert (response.status_code, response.json()["error"]["code"]) == (409, "not_received")


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "in pieces"])
def test_upload_is_finished_later_if_the_service_fails(
    editor: TusClient, cast: Cast, monkeypatch: pytest.MonkeyPatch, *, at_once: bool
) -> None:
    def fail(*_arguments: Any) -> None:
        raise SandboxUnavailable("no child")

    with monkeypatch.context() as broken:
        broken.setattr("ingestion.storing.stored_files.unlocked", fail)
        url = editor.create(body=TEXT)["Location"] if at_once else send(editor, TEXT)["location"]
    assert editor.state(url)["outcome"] == "checking"
    change(cast, received_at=timezone.now() - timedelta(minutes=1))
    expiry.finish_left_uploads()
    assert editor.state(url)["outcome"] == "stored"
    assert [content_of(document) for document in documents(cast.instance)] == [TEXT]


def test_upload_of_a_killed_process_is_finished_by_another(editor: TusClient, cast: Cast) -> None:
    """The last piece was acknowledged, and the process that held it was killed."""
    url = editor.create(body=TEXT[:9])["Location"]
    with pytest.MonkeyPatch.context() as killed:
        killed.setattr("ingestion.resumable.endpoint.finish_upload", lambda *_, **__: None)
        editor.send(url, TEXT[9:], 9)
    late = timezone.now() - timedelta(minutes=1)
    change(cast, received_at=late, finishing_until=timezone.now() + timedelta(minutes=1))
    expiry.finish_left_uploads()
    assert editor.state(url)["outcome"] == "checking"
    change(cast, finishing_until=late)
    expiry.finish_left_uploads()
    assert editor.state(url)["outcome"] == "stored"


def test_upload_is_finished_once_by_processes_at_once(cast: Cast, editor: TusClient) -> None:
    url = editor.create(body=TEXT[:9])["Location"]
    with pytest.MonkeyPatch.context() as late:
        late.setattr("ingestion.resumable.endpoint.finish_upload", lambda *_, **__: None)
        editor.send(url, TEXT[9:], 9)
    upload = row(cast.instance)
    threads = [
        threading.Thread(target=finish_upload, args=(cast.instance.pk, upload.pk)) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(documents(cast.instance)) == 1
    assert (row(cast.instance).state, row(cast.instance).is_new) == (State.STORED, True)


def test_expired_uploads_are_deleted_and_their_room_is_free(
    editor: TusClient, cast: Cast, stored: Callable[[], list[str]]
) -> None:
    url = editor.create(body=TEXT[:9])["Location"]
    kept = ResumableUploadFactory(instance=cast.other_instance)
    assert expiry.delete_expired_uploads() == 0
    change(cast, expires_at=timezone.now() - timedelta(seconds=1))
    assert expiry.delete_expired_uploads() == 1
    assert stored() == []
    assert editor.head(url).status_code == 404
    with tenant(cast.instance):
        assert cast.instance.holdings.reserved_bytes == 0
    with tenant(cast.other_instance):
        assert ResumableUpload.objects.for_instance(cast.other_instance).get().pk == kept.pk


def test_pieces_without_an_upload_are_deleted(
    editor: TusClient, cast: Cast, stored: Callable[[], list[str]]
) -> None:
    url = editor.create(body=TEXT[:9])["Location"]
    (needed,) = stored()
    left = ResumableUploadFactory(instance=cast.instance)
    default_storage.save(f"{cast.instance.pk}/uploads/{left.pk}/0-a", ContentFile(b"x"))
    with tenant(cast.instance):
        left.delete()
    expiry.delete_left_pieces()
    assert stored() == [needed]
    assert editor.head(url).status_code == 200


@pytest.mark.parametrize("priority", ["0", "1"])
def test_document_has_the_priority_of_its_upload(
    editor: TusClient, cast: Cast, priority: str
) -> None:
    editor.create(body=TEXT, priority=priority)
    assert [document.priority for document in documents(cast.instance)] == [int(priority)]


def test_document_stays_when_its_upload_is_stopped(editor: TusClient, cast: Cast) -> None:
    url = editor.create(body=TEXT)["Location"]
    editor.stop(url)
    (document,) = documents(cast.instance)
    assert document.status == Document.Status.QUEUED
    assert content_of(document) == TEXT
