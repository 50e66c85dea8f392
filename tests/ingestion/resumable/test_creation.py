"""What is checked before the first byte: size, quota, disk."""

from collections import namedtuple
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from instances.models import Instance
from instances.tenancy import tenant
from tests.cast import Cast
from tests.ingestion.factories import ResumableUploadFactory
from tests.ingestion.resumable.sending import TEXT, TusClient, documents

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]

Usage = namedtuple("Usage", "total used free")


def limit(instance: Instance, **limits: Any) -> None:
    Instance.objects.filter(pk=instance.pk).update(**limits)


def reserved(instance: Instance) -> tuple[int, int]:
    with tenant(instance):
        totals = Instance.objects.get(pk=instance.pk).holdings
    return totals.reserved_documents, totals.reserved_bytes


def refused(response: Any) -> tuple[int, str]:
    error = response.json()["error"]
    assert len(error["message"]) > 20
    return response.status_code, error["code"]


@pytest.mark.parametrize(
    "limits",
    [{"max_stored_bytes": 1000}, {"max_documents": 1}],
    ids=["bytes", "documents"],
)
def test_room_of_an_upload_is_taken_until_its_end(
    editor: TusClient, cast: Cast, limits: dict[str, int]
) -> None:
    limit(cast.instance, **limits)
    url = editor.create(900)["Location"]
    assert reserved(cast.instance) == (1, 900)
    assert refused(editor.create(101)) == (403, "quota")
    response = editor.client.post(
        "/i/law/documents/upload/", {"file": SimpleUploadedFile("a.txt", b"x" * 101)}
    )
    assert refused(response) == (403, "quota")
    editor.stop(url)
    assert reserved(cast.instance) == (0, 0)
    assert editor.create(101).status_code == 201


def test_stored_upload_takes_its_room_once(editor: TusClient, cast: Cast) -> None:
    limit(cast.instance, max_stored_bytes=len(TEXT), max_documents=1)
    assert editor.create(body=TEXT).json()["outcome"] == "stored"
    assert reserved(cast.instance) == (0, 0)
    assert refused(editor.create(1)) == (403, "quota")


def test_upload_is_refused_without_room_on_the_disk(
    editor: TusClient, cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.STORAGE_RESERVE_BYTES = 1000
    monkeypatch.setattr("shutil.disk_usage", lambda _path: Usage(10_000, 7_000, 3_000))
    assert refused(editor.create(1001)) == (507, "storage_full")
    # Its pieces, and its document beside them.
    url = editor.create(1000)["Location"]
    assert refused(editor.create(1)) == (507, "storage_full")
    editor.stop(url)
    assert editor.create(1).status_code == 201


def test_too_many_half_sent_files_are_refused(
    editor: TusClient, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.resumable.creation.MAX_UNFINISHED", 2)
    ResumableUploadFactory(instance=cast.instance)
    assert editor.create().status_code == 201
    assert refused(editor.create()) == (429, "too_many_uploads")


def test_upload_to_an_archived_instance_is_refused(editor: TusClient, cast: Cast) -> None:
    url = editor.create()["Location"]
    limit(cast.instance, status=Instance.Status.ARCHIVED)
    assert editor.create().status_code == 403
    assert editor.send(url, TEXT, 0).status_code == 403
    assert documents(cast.instance) == []


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("owner", 201),
        ("editor", 201),
        ("teammate", 403),
        ("stranger", 404),
    ],
)
def test_only_editors_may_send_files(
    cast: Cast, client_for: Callable[..., Client], person: str, status: int
) -> None:
    response = TusClient(client_for(getattr(cast, person))).create(body=TEXT)
    assert response.status_code == status
    assert len(documents(cast.instance)) == (1 if status == 201 else 0)
