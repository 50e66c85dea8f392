"""Pieces: kept as they come, joined when small, and never of two requests at once."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from asgiref.sync import sync_to_async

from ingestion.models import ResumableUpload
from ingestion.resumable import receiving
from ingestion.resumable.finishing import finish_upload
from ingestion.resumable.receiving import receive
from ingestion.resumable.refusals import UploadRefused
from instances.tenancy import tenant
from tests.cast import Cast
from tests.ingestion.factories import ResumableUploadFactory
from tests.ingestion.resumable.sending import TEXT, content_of, documents, row
from web.server.body_stream import ClientLeft

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]


@pytest.fixture
def upload(cast: Cast) -> ResumableUpload:
    """An upload of TEXT, of which nothing has come."""
    made: ResumableUpload = ResumableUploadFactory(
        instance=cast.instance, uploaded_by=cast.editor, length_bytes=len(TEXT), name="a.txt"
    )
    return made


async def parts(content: bytes, size: int, *, leaves: bool = False) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]
    if leaves:
        raise ClientLeft


async def reloaded(cast: Cast) -> ResumableUpload:
    return await sync_to_async(row)(cast.instance)


async def test_what_has_come_is_kept_when_the_client_leaves(
    cast: Cast, upload: ResumableUpload, stored: Callable[[], list[str]]
) -> None:
    with pytest.raises(ClientLeft):
        await receive(upload, cast.instance, parts(TEXT[:50], 7, leaves=True))
    upload = await reloaded(cast)
    assert upload.offset_bytes == 50
    await receive(upload, cast.instance, parts(TEXT[50:], 7))
    await sync_to_async(finish_upload)(cast.instance.pk, upload.pk)
    (document,) = await sync_to_async(documents)(cast.instance)
    assert content_of(document) == TEXT
    assert stored() == []


async def test_pieces_are_acknowledged_while_a_request_goes_on(
    cast: Cast, upload: ResumableUpload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "PIECE_BYTES", 16)
    monkeypatch.setattr(receiving, "_SMALL_BYTES", 8)
    seen = []

    async def watched() -> AsyncIterator[bytes]:
        async for part in parts(TEXT, 10):
            yield part
            seen.append((await reloaded(cast)).offset_bytes)

    assert await receive(upload, cast.instance, watched()) == len(TEXT)
    assert seen[:6] == [0, 20, 20, 40, 40, 60]


async def test_small_pieces_are_joined(
    cast: Cast, upload: ResumableUpload, stored: Callable[[], list[str]]
) -> None:
    for start in range(0, len(TEXT), 3):
        upload = await reloaded(cast)
        await receive(upload, cast.instance, parts(TEXT[start : start + 3], 3))
    upload = await reloaded(cast)
    assert len(upload.pieces) == len(stored()) == 1
    assert upload.is_received


async def test_of_two_requests_at_once_one_is_refused_and_the_bytes_are_right(
    cast: Cast, upload: ResumableUpload, stored: Callable[[], list[str]]
) -> None:
    """One sends other bytes, as a client would that continues another file."""
    outcomes = await asyncio.gather(
        *(
            receive(upload, cast.instance, parts(content, 5))
            for content in (TEXT[:60], b"#" * 40, TEXT[:60], b"#" * 40)
        ),
        return_exceptions=True,
    )
    kept = [outcome for outcome in outcomes if isinstance(outcome, int)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, UploadRefused)]
    assert (len(kept), len(refused)) == (1, 3)
    assert {error.status for error in refused} == {409}
    after = await reloaded(cast)
    assert after.offset_bytes == kept[0]
    assert len(after.pieces) == len(stored()) == 1


async def test_bytes_after_the_end_of_an_upload_are_refused(
    cast: Cast, upload: ResumableUpload, stored: Callable[[], list[str]]
) -> None:
    """A request goes on while its upload is stopped."""

    async def stopped_meanwhile() -> AsyncIterator[bytes]:
        yield TEXT[:10]
        await sync_to_async(delete_upload)()
        yield TEXT[10:20]

    def delete_upload() -> None:
        with tenant(cast.instance):
            ResumableUpload.objects.for_instance(cast.instance).delete()

    with pytest.raises(UploadRefused):
        await receive(upload, cast.instance, stopped_meanwhile())
    assert stored() == []
