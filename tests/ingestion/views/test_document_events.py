"""Server-sent events of the list of documents."""

import asyncio
import json
from datetime import timedelta

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.urls import reverse
from django.utils import timezone

from ingestion.documents import list_events
from ingestion.documents.queries import DocumentFilter
from ingestion.models import Document
from instances.models import Membership
from instances.tenancy import tenant
from tests.cast import make_cast
from tests.factories import DocumentFactory
from web import server_sent_events

pytestmark = pytest.mark.django_db(transaction=True)
Status = Document.Status


@pytest.fixture(autouse=True)
def short_polls(monkeypatch):
    monkeypatch.setattr(list_events, "BUSY_POLL_S", 0.02)
    monkeypatch.setattr(list_events, "IDLE_POLL_S", 0.02)


@pytest.fixture
def people(db):
    return make_cast()


@pytest.fixture
def membership(people):
    with tenant(people.instance):
        return Membership.objects.select_related("instance").get(user=people.editor)


def listen(membership, since="", **chosen):
    return list_events.document_events(
        membership, DocumentFilter(**chosen), since=since, language="en"
    )


async def next_listing(stream):
    """Return the data and id of the next ``listing`` event."""
    async with asyncio.timeout(10):
        async for event in stream:
            if event.name == "listing":
                return json.loads(orjson.dumps(event.data)) | {"id": event.id}
    raise AssertionError("the stream ended")


@sync_to_async
def change(document, **values):
    with tenant(document.instance_id):
        Document.objects.filter(pk=document.pk).update(updated_at=timezone.now(), **values)


@sync_to_async
def remove(document):
    with tenant(document.instance_id):
        document.delete()


async def test_first_event_is_current_state(people, membership):
    document = await sync_to_async(DocumentFactory)(instance=people.instance, status=Status.QUEUED)
    stream = listen(membership)
    event = await next_listing(stream)
    assert event["ids"] == [str(document.pk)]
    assert event["counts"] == {"": 1, "ready": 0, "warned": 0, "running": 1, "failed": 0}
    assert "Waiting its turn" in event["rows"][str(document.pk)]
    await stream.aclose()


async def test_progress_is_sent(people, membership):
    document = await sync_to_async(DocumentFactory)(
        instance=people.instance, status=Status.EMBEDDING, chunks=4
    )
    other = await sync_to_async(DocumentFactory)(instance=people.instance)
    stream = listen(membership)
    await next_listing(stream)
    await change(document, embedded_chunks=3)
    event = await next_listing(stream)
    assert "Preparing: 3 passages of 4" in event["rows"][str(document.pk)]
    assert str(other.pk) not in event["rows"]
    await change(document, status=Status.READY)
    event = await next_listing(stream)
    assert event["counts"]["ready"] == 2
    await stream.aclose()


async def test_deletion_is_sent(people, membership):
    document = await sync_to_async(DocumentFactory)(instance=people.instance)
    stream = listen(membership)
    await next_listing(stream)
    await remove(document)
    assert (await next_listing(stream))["ids"] == []
    await stream.aclose()


async def test_rows_before_last_event_id_are_not_sent_again(people, membership):
    document = await sync_to_async(DocumentFactory)(instance=people.instance)
    later = document.updated_at + timedelta(minutes=1)
    stream = listen(membership, since=list_events.stamp(later))
    event = await next_listing(stream)
    assert event["ids"] == [str(document.pk)]
    assert event["rows"] == {}
    await stream.aclose()


@pytest.mark.parametrize("since", ["nonsense", "2026-01-01", "2026-01-01T00:00:00"])
async def test_invalid_last_event_id_sends_all_rows(people, membership, since):
    document = await sync_to_async(DocumentFactory)(instance=people.instance)
    stream = listen(membership, since=since)
    assert str(document.pk) in (await next_listing(stream))["rows"]
    await stream.aclose()


async def test_filter_of_page_is_applied(people, membership):
    await sync_to_async(DocumentFactory)(instance=people.instance)
    await sync_to_async(DocumentFactory)(instance=people.other_instance, status=Status.FAILED)
    failed = await sync_to_async(DocumentFactory)(instance=people.instance, status=Status.FAILED)
    stream = listen(membership, state="failed")
    assert (await next_listing(stream))["ids"] == [str(failed.pk)]
    await stream.aclose()


async def test_keep_alive_is_sent_and_stream_ends_after_maximum_duration(membership, monkeypatch):
    monkeypatch.setattr(server_sent_events, "KEEP_ALIVE_S", 0.05)
    monkeypatch.setattr(list_events, "STREAM_LIFETIME_S", 0.5)
    response = server_sent_events.stream_response(listen(membership))
    sent = b"".join([chunk async for chunk in response])
    # On a loaded machine a keep-alive may precede the first event.
    assert sent.removeprefix(b": keep-alive\n\n").startswith(b"id: \nevent: listing")
    assert sent.count(b": keep-alive\n\n") > 1


@pytest.mark.parametrize(("person", "status"), [("teammate", 200), ("stranger", 404)])
def test_only_member_can_follow(people, async_client_for, monkeypatch, person, status):
    monkeypatch.setattr(list_events, "STREAM_LIFETIME_S", 0.0)
    client = async_client_for(getattr(people, person))

    async def get():
        response = await client.get(reverse("documents:events", args=["law"]))
        if response.streaming:
            assert response["Content-Type"] == "text/event-stream"
            assert response["X-Accel-Buffering"] == "no"
        return response.status_code

    assert asyncio.run(get()) == status
