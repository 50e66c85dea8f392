"""Files are read, swept and deleted through the storage API, whatever the storage is."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, Storage, default_storage
from django.db.models.fields.files import FieldFile
from django.test import AsyncClient

from ingestion import pipeline, uploads
from ingestion.attempts.locking import Attempt
from ingestion.errors import CorruptDocument
from ingestion.models import Document
from ingestion.recovery import orphans
from ingestion.storage import RegularFileStorage, opened
from instances.tenancy import tenant
from tests.cast import Cast
from tests.factories import DocumentFactory

TEXT = "Le jury se réunit en juin. La soutenance a lieu en juillet.".encode()


class RemoteStorage(Storage):
    """A storage in memory that has no ``path``, as S3 has none."""

    memory = InMemoryStorage()

    def _open(self, name: str, mode: str = "rb") -> File:
        return self.memory.open(name, mode)

    def _save(self, name: str, content: Any) -> str:
        return self.memory.save(name, content)

    def delete(self, name: str) -> None:
        self.memory.delete(name)

    def exists(self, name: str) -> bool:
        return self.memory.exists(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        return self.memory.listdir(path)

    def get_modified_time(self, name: str) -> datetime:
        return self.memory.get_modified_time(name)


def field_file(name: str) -> FieldFile:
    return Document(file=name).file


@pytest.mark.parametrize(
    "make",
    [lambda path: None, os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/etc/passwd")],
    ids=["missing", "pipe", "directory", "symbolic-link"],
)
def test_only_a_regular_file_is_opened(settings: Any, make: Callable[[Path], object]) -> None:
    assert isinstance(default_storage, RegularFileStorage)
    settings.MEDIA_ROOT.mkdir()
    make(settings.MEDIA_ROOT / "upload")
    with pytest.raises(CorruptDocument), opened(field_file("upload")):
        pass


class TestStorageWithoutPaths:
    pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]

    @pytest.fixture(autouse=True)
    def remote_storage(self, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(RemoteStorage, "memory", InMemoryStorage())
        settings.STORAGES = settings.STORAGES | {
            "default": {"BACKEND": f"{__name__}.RemoteStorage"}
        }
        assert isinstance(default_storage, RemoteStorage)
        with pytest.raises(NotImplementedError):
            default_storage.path("upload")

    @pytest.fixture
    def document(self, cast: Cast) -> Document:
        with tenant(cast.instance):
            document, _created = uploads.store_upload(
                instance=cast.instance, user=cast.owner, name="a.txt", content=BytesIO(TEXT)
            )
        return document

    def test_document_is_ingested(self, document: Document, embeddings: None) -> None:
        assert pipeline.ingest_document(Attempt.of(document)) == "ready"
        with tenant(document.instance_id):
            (chunk,) = document.chunk_set.all()
        assert chunk.text == TEXT.decode()

    def test_missing_file_fails_with_its_reason(self, document: Document) -> None:
        default_storage.delete(str(document.file.name))
        assert pipeline.run_stage(Attempt.of(document)) == "failed"
        with tenant(document.instance_id):
            document.refresh_from_db()
        assert document.error_code == "corrupt"

    async def test_range_of_a_file_is_sent(
        self, document: Document, cast: Cast, async_client_for: Callable[..., AsyncClient]
    ) -> None:
        client = await sync_to_async(async_client_for)(cast.owner)
        url = f"/i/{cast.instance.slug}/documents/{document.pk}/file"
        response = await client.get(url, headers={"Range": "bytes=3-6"})
        assert response.status_code == 206
        assert b"".join([block async for block in response]) == TEXT[3:7]

    def test_deleted_document_takes_its_file_with_it(self, document: Document) -> None:
        with tenant(document.instance_id):
            uploads.delete(document)
        assert not default_storage.exists(str(document.file.name))

    def test_file_without_document_is_swept(
        self, document: Document, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        orphan = f"{document.instance_id}/{DocumentFactory.build().pk}"
        default_storage.save(orphan, ContentFile(TEXT))
        assert orphans.delete_orphans() == 0
        monkeypatch.setattr(orphans, "MIN_AGE", timedelta(0))
        assert orphans.delete_orphans() == 1
        assert not default_storage.exists(orphan)
        assert default_storage.exists(str(document.file.name))
