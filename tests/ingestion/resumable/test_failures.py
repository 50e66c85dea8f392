"""Failures of the disk and the database, after which no acknowledged byte is lost."""

import asyncio
import errno
import threading
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from ingestion import versions
from ingestion.models import ResumableUpload
from ingestion.resumable import expiry, finishing, receiving
from ingestion.resumable.finishing import finish_upload
from ingestion.resumable.receiving import receive
from instances.quotas import lock_totals
from instances.tenancy import in_tenant, tenant
from tests.cast import Cast
from tests.factories import DocumentFactory
from tests.fixtures.waiting import wait_until
from tests.ingestion.factories import ResumableUploadFactory
from tests.ingestion.resumable.sending import TEXT, TusClient, content_of, documents, row
from tests.ingestion.resumable.test_receiving import parts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]

State = ResumableUpload.State


def disk_full(*_arguments: Any, **_options: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def is_waiting() -> bool:
    """Whether a transaction waits for an advisory lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return cursor.fetchone() is not None


def received(editor: TusClient, **pairs: str) -> str:
    """Send TEXT in two requests, and leave it to be finished; return its address."""
    url: str = editor.create(body=TEXT[:9], **pairs)["Location"]
    with pytest.MonkeyPatch.context() as late:
        late.setattr("ingestion.resumable.endpoint.finish_upload", lambda *_, **__: None)
        editor.send(url, TEXT[9:], 9)
    return url


@pytest.mark.parametrize(
    "error", [OperationalError("connection lost"), asyncio.CancelledError()], ids=["lost", "left"]
)
async def test_bytes_stay_when_the_answer_to_their_commit_is_lost(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    upload = await sync_to_async(ResumableUploadFactory)(
        instance=cast.instance, uploaded_by=cast.editor, length_bytes=len(TEXT), name="a.txt"
    )

    async def lost(*arguments: Any) -> None:
        await in_tenant(*arguments)
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(receiving, "in_tenant", lost)
        with pytest.raises(type(error)):
            await receive(upload, cast.instance, parts(TEXT[:50], 7))
    upload = await sync_to_async(row)(cast.instance)
    assert upload.offset_bytes == 50
    await receive(upload, cast.instance, parts(TEXT[50:], 7))
    await sync_to_async(finish_upload)(cast.instance.pk, upload.pk)
    (document,) = await sync_to_async(documents)(cast.instance)
    assert content_of(document) == TEXT


def test_document_keeps_its_file_when_the_answer_to_its_commit_is_lost(
    editor: TusClient, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = received(editor)
    record = finishing._record

    def lose() -> None:
        raise OperationalError("connection lost")

    def lost(*arguments: Any) -> bool:
        transaction.on_commit(lose)
        return record(*arguments)

    monkeypatch.setattr(finishing, "_record", lost)
    with pytest.raises(OperationalError):
        finish_upload(cast.instance.pk, row(cast.instance).pk)
    assert editor.state(url)["outcome"] == "stored"
    assert [content_of(document) for document in documents(cast.instance)] == [TEXT]


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "in pieces"])
@pytest.mark.parametrize(
    ("broken", "by"),
    [
        ("ingestion.storing.stored_files.unlocked", disk_full),
        ("ingestion.resumable.finishing.write_file", disk_full),
        (
            "ingestion.resumable.finishing.tempfile",
            SimpleNamespace(TemporaryFile=disk_full, NamedTemporaryFile=disk_full),
        ),
    ],
    ids=["checked", "written", "joined"],
)
def test_upload_is_finished_later_if_the_disk_is_full(
    editor: TusClient, cast: Cast, broken: str, by: Any, *, at_once: bool
) -> None:
    with pytest.MonkeyPatch.context() as full:
        full.setattr(broken, by)
        url = editor.create(body=TEXT)["Location"] if at_once else received(editor)
        with tenant(cast.instance):
            ResumableUpload.objects.for_instance(cast.instance).update(
                received_at=timezone.now() - timedelta(minutes=1)
            )
        expiry.finish_left_uploads()
    assert editor.state(url)["outcome"] == "checking"
    expiry.finish_left_uploads()
    assert editor.state(url)["outcome"] == "stored"
    assert [content_of(document) for document in documents(cast.instance)] == [TEXT]


@pytest.mark.parametrize(
    "error", [OperationalError("away"), OSError("no file"), KeyboardInterrupt()]
)
def test_upload_whose_address_nobody_has_is_stopped(
    editor: TusClient, cast: Cast, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    async def fail(*_arguments: Any) -> None:
        raise error

    monkeypatch.setattr("ingestion.resumable.endpoint.receive", fail)
    with pytest.raises(type(error)):
        editor.create(body=TEXT[:9])
    with tenant(cast.instance):
        assert not ResumableUpload.objects.for_instance(cast.instance).exists()


def test_version_waits_for_its_series_before_it_locks_the_totals(
    editor: TusClient, cast: Cast
) -> None:
    """Another act on the document has the series, and locks the totals next."""
    replaced = DocumentFactory(instance=cast.instance)
    received(editor, replaces=str(replaced.pk))
    finisher = threading.Thread(
        target=finish_upload, args=(cast.instance.pk, row(cast.instance).pk)
    )
    with tenant(cast.instance):
        versions.lock_versions(replaced)
        finisher.start()
        wait_until(is_waiting)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '5s'")
        lock_totals(cast.instance.pk)
    finisher.join()
    assert row(cast.instance).state == State.STORED
