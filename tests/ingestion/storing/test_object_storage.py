"""Files in a bucket of a real S3 server over HTTP: the whole life of a document, and outages."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import AsyncClient
from moto.server import ThreadedMotoServer

from administration.lifecycle.contents import walk
from inference.fair_turns import Asker
from ingestion import tasks, uploads
from ingestion.documents.page_pictures import WIDTHS, page_picture, page_words
from ingestion.errors import CorruptDocument, FilesUnavailable
from ingestion.models import Document
from ingestion.recovery import orphans
from ingestion.sandbox import close_zygotes
from ingestion.storage import COPIES
from instances.tenancy import tenant
from tests.cast import Cast
from tests.ingestion.pdf_writer import Page, write_pdf
from tests.ingestion.resumable.sending import TusClient
from tests.ingestion.stages import ingest, refreshed

TEXT = "Le jury se réunit en juin. La soutenance a lieu en juillet."
BUCKET = "university"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of an S3 server."""
    started = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    started.start()
    host, port = started.get_host_and_port()
    yield f"http://{host}:{port}"
    started.stop()


@pytest.fixture
def bucket(settings: Any, server: str) -> Any:
    """Uploaded files are in a bucket of the server, below a prefix."""
    options = {
        "bucket_name": BUCKET,
        "endpoint_url": server,
        "region_name": "us-east-1",
        "access_key": "key",
        "secret_key": "secret",
        "location": "ragapp",
    }
    backend = "ingestion.storing.object_storage.ObjectStorage"
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": backend, "OPTIONS": options}}
    bucket = default_storage.bucket  # type: ignore[attr-defined]
    bucket.create()
    yield bucket
    bucket.objects.all().delete()
    bucket.delete()


@pytest.fixture
def gone(settings: Any, bucket: Any) -> Callable[[], None]:
    """``gone()``: the server does not answer any more."""

    def end() -> None:
        stored = settings.STORAGES["default"]
        options = stored["OPTIONS"] | {"endpoint_url": "http://127.0.0.1:9"}
        settings.STORAGES = settings.STORAGES | {"default": stored | {"OPTIONS": options}}

    return end


def keys(bucket: Any) -> list[str]:
    return sorted(item.key for item in bucket.objects.all())


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_broker", "embeddings")
def test_document_is_stored_parsed_and_deleted(
    bucket: Any, cast: Cast, upload: Callable[..., Document]
) -> None:
    document = upload(TEXT)
    assert keys(bucket) == [f"ragapp/{cast.instance.pk}/{document.pk}"]
    assert ingest(document) == "ready"
    assert list(walk(default_storage, str(cast.instance.pk))) == [document.file.name]
    with tenant(cast.instance):
        uploads.delete(refreshed(document))
    assert keys(bucket) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_broker")
async def test_file_is_sent_whole_and_in_ranges(
    bucket: Any, cast: Cast, upload: Callable[..., Document]
) -> None:
    document = await sync_to_async(upload)(TEXT)
    client = AsyncClient()
    await client.aforce_login(cast.teammate)
    url = f"/i/law/documents/{document.pk}/file"
    for header, status, expected in [
        ({}, 200, TEXT.encode()),
        ({"range": "bytes=3-6"}, 206, TEXT.encode()[3:7]),
        ({"range": "bytes=-8"}, 206, TEXT.encode()[-8:]),
    ]:
        response = await client.get(url, headers=header)
        assert response.status_code == status
        assert b"".join([block async for block in response.streaming_content]) == expected
    await sync_to_async(default_storage.delete)(document.file.name)
    assert (await client.get(url)).status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_broker")
def test_file_in_pieces_is_stored_in_the_bucket(
    bucket: Any, cast: Cast, client_for: Callable[..., Any]
) -> None:
    sender, content = TusClient(client_for(cast.editor)), TEXT.encode() * 40_000
    assert len(content) > 2 << 20
    url = sender.create(len(content))["Location"]
    sender.send(url, content[: 1 << 20], 0)
    sender.send(url, content[1 << 20 : 2 << 20], 1 << 20)
    root = f"ragapp/{cast.instance.pk}"
    pieces = keys(bucket)
    assert [key.startswith(f"{root}/uploads/") for key in pieces] == [True, True]
    assert sender.send(url, content[2 << 20 :], 2 << 20)["Upload-Outcome"] == "stored"
    with tenant(cast.instance):
        (document,) = Document.objects.for_instance(cast.instance)
    assert keys(bucket) == [f"{root}/{document.pk}"]
    assert bucket.Object(f"{root}/{document.pk}").get()["Body"].read() == content


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_broker")
def test_piece_is_not_acknowledged_while_the_server_is_away(
    gone: Callable[[], None], cast: Cast, client_for: Callable[..., Any]
) -> None:
    sender = TusClient(client_for(cast.editor))
    url = sender.create(100)["Location"]
    gone()
    assert sender.send(url, b"x" * 10, 0).status_code == 503
    assert sender.head(url)["Upload-Offset"] == "0"


def test_orphaned_file_is_deleted(
    bucket: Any, cast: Cast, no_broker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    orphan = f"{cast.instance.pk}/9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"
    default_storage.save(orphan, ContentFile(b"left behind"))
    assert orphans.delete_orphans() == 0
    monkeypatch.setattr(orphans, "MIN_AGE", timedelta(seconds=-10))
    assert orphans.delete_orphans() == 1
    assert keys(bucket) == []


def test_upload_is_refused_while_the_server_is_away(
    gone: Callable[[], None], cast: Cast, client_for: Callable[..., Any]
) -> None:
    gone()
    sent = {"file": SimpleUploadedFile("a.txt", TEXT.encode())}
    response = client_for(cast.editor).post("/i/law/documents/upload/", sent)
    assert response.status_code == 503
    assert "does not answer" in response.json()["error"]["message"]
    with tenant(cast.instance):
        assert not Document.objects.exists()
        with pytest.raises(FilesUnavailable):
            uploads.store_upload(
                instance=cast.instance, user=None, name="a.txt", content=BytesIO(TEXT.encode())
            )


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_broker")
def test_document_waits_while_the_server_is_away(
    gone: Callable[[], None], cast: Cast, upload: Callable[..., Document]
) -> None:
    document = upload(TEXT)
    gone()
    tasks.parse()
    waiting = refreshed(document)
    assert (waiting.status, waiting.retries, waiting.worker_seen_at) == ("parsing", 1, None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_broker")
async def test_pages_of_a_file_are_drawn_from_one_copy(
    bucket: Any, cast: Cast, tmp_path: Path
) -> None:
    path = write_pdf(tmp_path / "a.pdf", [Page().lines(72, 700, text) for text in ("Un", "Deux")])

    def store() -> Document:
        with tenant(cast.instance):
            return uploads.store_upload(
                instance=cast.instance, user=cast.editor, name="a.pdf",
                content=BytesIO(path.read_bytes()),
            )[0]  # fmt: skip

    document = await sync_to_async(store)()
    asker = Asker(cast.instance.pk, "")
    try:
        await page_picture(document, 1, WIDTHS[0], asker)
        await sync_to_async(bucket.objects.filter(Prefix="ragapp").delete)()
        words = await page_words(document, 2, asker)
        assert [word.text for word in words.words] == ["Deux"]
    finally:
        COPIES.close()
        close_zygotes()
    with pytest.raises(CorruptDocument):
        await page_words(document, 2, asker)
