"""Stored files without a document are deleted, and no other files."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import InterfaceError, OperationalError, connection

from ingestion import tasks, uploads
from ingestion.models import Document
from ingestion.recovery import orphans
from instances.models import Instance
from instances.tenancy import tenant
from tests.cast import Cast
from tests.factories import DocumentFactory
from tests.fixtures.database import DatabaseSwitch, is_anybody_waiting
from tests.fixtures.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]


def upload(instance: Instance, text: str = "Du texte.") -> Document:
    document, _created = uploads.store_upload(
        instance=instance, user=None, name="x.txt", content=BytesIO(text.encode())
    )
    return document


def stored(instance: Instance) -> set[str]:
    folder = Path(default_storage.path(str(instance.pk)))
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def make_old(instance: Instance) -> None:
    """Two hours ago, as the storage sees it."""
    then = time.time() - 2 * orphans.MIN_AGE.total_seconds()
    for name in stored(instance):
        os.utime(default_storage.path(f"{instance.pk}/{name}"), (then, then))


def test_file_of_aborted_transaction_is_deleted(cast: Cast, database: DatabaseSwitch) -> None:
    """The connection is cut between the writing of the file and the commit."""
    with tenant(cast.other_instance):
        kept = upload(cast.other_instance)

    def upload_and_lose() -> None:
        with tenant(cast.instance):
            upload(cast.instance)
            database.cut()

    away = (OperationalError, InterfaceError)
    with ThreadPoolExecutor(1) as thread, pytest.raises(away):
        thread.submit(upload_and_lose).result()
    database.restore()
    connection.close()
    assert len(stored(cast.instance)) == 1
    tasks.delete_orphaned_files()
    assert len(stored(cast.instance)) == 1, "it may belong to an upload that goes on"
    make_old(cast.instance)
    make_old(cast.other_instance)
    tasks.delete_orphaned_files()
    assert stored(cast.instance) == set()
    assert stored(cast.other_instance) == {str(kept.pk)}


def test_upload_that_fails_removes_its_file(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any, **_named: Any) -> None:
        raise RuntimeError("no row")

    monkeypatch.setattr(Document, "save", fail)
    with pytest.raises(RuntimeError, match="no row"), tenant(cast.instance):
        upload(cast.instance)
    assert stored(cast.instance) == set()


def test_upload_that_takes_hours_keeps_its_file(cast: Cast) -> None:
    """The sweep waits for the upload's transaction, and then finds the document."""
    with ThreadPoolExecutor(1) as thread:
        with tenant(cast.instance):
            document = upload(cast.instance)
            make_old(cast.instance)
            sweep = thread.submit(_sweep)
            wait_until(lambda: is_anybody_waiting() or sweep.done())
        assert sweep.result(timeout=60) == 0
    assert stored(cast.instance) == {str(document.pk)}


def _sweep() -> int:
    try:
        return orphans.delete_orphans()
    finally:
        connection.close()


@pytest.mark.parametrize("where", ["unknown instance", "other name", "unsaved answer"])
def test_other_files_are_kept(cast: Cast, where: str) -> None:
    path = {
        "unknown instance": f"{2**31}/{uuid4()}",
        "other name": f"{cast.instance.pk}/notes.txt",
        "unsaved answer": f"{cast.instance.pk}/unsaved-answers/{uuid4()}.json",
    }[where]
    default_storage.save(path, ContentFile(b"x"))
    then = time.time() - 2 * orphans.MIN_AGE.total_seconds()
    os.utime(default_storage.path(path), (then, then))
    assert orphans.delete_orphans() == 0
    assert default_storage.exists(path)


def test_nothing_is_deleted_while_row_security_hides_documents(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should row security hide the documents from the sweep, it does not take them for gone."""
    with tenant(cast.instance):
        upload(cast.instance)
    make_old(cast.instance)

    nothing = Document.objects.none()

    class Nothing:
        for_instance = staticmethod(lambda _instance_id: nothing)

    monkeypatch.setattr(orphans.Document, "objects", Nothing)
    assert orphans.delete_orphans() == 0
    assert len(stored(cast.instance)) == 1


def test_deletion_that_is_rolled_back_keeps_the_file(cast: Cast) -> None:
    with tenant(cast.instance):
        document = upload(cast.instance)

    def delete_and_fail() -> None:
        with tenant(cast.instance):
            uploads.delete(Document.objects.get(pk=document.pk))
            raise RuntimeError("after the deletion")

    with pytest.raises(RuntimeError, match="after the deletion"):
        delete_and_fail()
    assert stored(cast.instance) == {str(document.pk)}


def test_file_of_existing_document_is_kept(cast: Cast) -> None:
    document = DocumentFactory(instance=cast.instance)
    assert orphans.delete_orphans() == 0
    with tenant(cast.instance):
        assert Document.objects.filter(pk=document.pk).exists()
