"""Turns of instances before parsing and embedding; manual and automatic retries."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from inference.errors import ProtocolError
from ingestion import pipeline, tasks, turns, uploads
from ingestion.attempts import transitions
from ingestion.attempts.locking import Attempt
from ingestion.models import Document
from ingestion.turns import EMBED, LARGE_BYTES, PARSE, Stage, claim_next
from instances.models import Instance
from instances.tenancy import tenant
from tests.cast import Cast
from tests.factories import DocumentFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]

STAGES = {"parse": (PARSE, "queued"), "embed": (EMBED, "embedding")}
each_stage = pytest.mark.parametrize(("stage", "status"), STAGES.values(), ids=STAGES)


@pytest.fixture
def small(cast: Cast) -> Instance:
    """An instance with little to do, beside that of the cast."""
    return cast.other_instance


def wait_in_line(
    instance: Instance, n: int = 1, *, status: str = "queued", **fields: Any
) -> list[Document]:
    """``n`` documents of an instance that wait in a stage."""
    return [DocumentFactory(instance=instance, status=status, **fields) for _ in range(n)]


def refreshed(document: Document) -> Document:
    with tenant(document.instance_id):
        document.refresh_from_db()
    return document


def change(document: Document, **fields: Any) -> None:
    with tenant(document.instance_id):
        Document.objects.filter(pk=document.pk).update(updated_at=timezone.now(), **fields)


def end(attempt: Attempt | None) -> None:
    """What is under way ends well."""
    assert attempt is not None
    with tenant(attempt.instance_id):
        Document.objects.filter(pk=attempt.document_id).update(
            status="ready", worker_seen_at=None, updated_at=timezone.now()
        )


def claimed(stage: Stage) -> int | None:
    """The instance of the document that a worker takes up, if there is one for it."""
    attempt = claim_next(stage)
    return attempt.instance_id if attempt else None


@each_stage
def test_instance_with_fewer_documents_under_way_is_next(
    cast: Cast, small: Instance, stage: Stage, status: str
) -> None:
    wait_in_line(cast.instance, 30, status=status)
    first = claim_next(stage)
    wait_in_line(small, 1, status=status)
    assert claimed(stage) == small.pk
    end(first)
    assert claimed(stage) == cast.instance.pk


@each_stage
@pytest.mark.parametrize("slots", [1, 2, 3, 4])
def test_instance_cannot_occupy_all_workers(
    cast: Cast, small: Instance, settings: Any, stage: Stage, status: str, slots: int
) -> None:
    setattr(settings, stage.slots_setting, slots)
    wait_in_line(cast.instance, 10, status=status)
    mine = [claimed(stage) for _ in range(slots + 1)]
    allowed = max(1, slots - 1)
    assert mine == [cast.instance.pk] * allowed + [None] * (slots + 1 - allowed)
    wait_in_line(small, 1, status=status)
    assert claimed(stage) == small.pk


def test_large_files_leave_one_worker_for_small_files(
    cast: Cast, small: Instance, settings: Any
) -> None:
    settings.PARSE_SLOTS = 2
    wait_in_line(cast.instance, 3, size_bytes=18 << 20)
    (large,) = wait_in_line(small, 1, size_bytes=LARGE_BYTES + 1)
    first = claim_next(PARSE)
    assert claimed(PARSE) is None
    (quick,) = wait_in_line(small, 1, size_bytes=1000)
    second = claim_next(PARSE)
    assert second is not None
    assert second.document_id == quick.pk
    end(second)
    end(first)
    third = claim_next(PARSE)
    assert third is not None
    assert third.document_id == large.pk


def test_large_files_of_one_instance_alternate_with_other_instances(
    cast: Cast, small: Instance, settings: Any
) -> None:
    settings.PARSE_SLOTS = 1
    wait_in_line(cast.instance, 3, size_bytes=18 << 20)
    wait_in_line(small, 20, size_bytes=1000)
    order = []
    for _ in range(22):
        attempt = claim_next(PARSE)
        end(attempt)
        assert attempt is not None
        order.append(attempt.instance_id)
    # After one large file the other instance parses as many bytes before the next.
    assert order.count(cast.instance.pk) == 2
    assert order[-1] == cast.instance.pk
    assert [instance for instance in order if instance == small.pk] == [small.pk] * 20


def test_embedding_alternates_between_instances(cast: Cast, small: Instance, settings: Any) -> None:
    settings.EMBED_SLOTS = 1
    for instance in (cast.instance, small):
        wait_in_line(instance, 1, status="embedding", chunks=1000)
    order = []
    for _ in range(6):
        attempt = claim_next(EMBED)
        assert attempt is not None
        order.append(attempt.instance_id)
        with tenant(attempt.instance_id):
            document = Document.objects.get(pk=attempt.document_id)
        change(document, embedded_chunks=document.embedded_chunks + 256)
        transitions.release(attempt)
    assert order[0:2] == order[2:4] == order[4:6]
    assert order[0] != order[1]


def test_document_is_claimed_once(cast: Cast) -> None:
    wait_in_line(cast.instance, 1)
    assert claim_next(PARSE) is not None
    assert claim_next(PARSE) is None


def test_workers_claim_one_at_a_time(cast: Cast, small: Instance) -> None:
    wait_in_line(cast.instance, 1)

    def choose() -> int | None:
        try:
            return claimed(PARSE)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other_worker:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [PARSE.lock])
            choosing = other_worker.submit(choose)
            waiting = 0
            while not waiting:
                cursor.execute(
                    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                    " AND objid = %s",
                    [PARSE.lock],
                )
                waiting = cursor.fetchone()[0]
                assert not choosing.done()
        assert choosing.result(timeout=60) == cast.instance.pk


def test_tasks_run_all_stages_in_turn(cast: Cast, small: Instance, embeddings: None) -> None:
    documents = []
    for instance in (cast.instance, cast.instance, small):
        with tenant(instance):
            document, _ = uploads.store_upload(
                instance=instance,
                user=cast.owner,
                name="note.txt",
                content=BytesIO(f"La note {len(documents)} est lue.".encode()),
            )
        documents.append(document)
    order = []
    for _ in documents:
        tasks.parse()
        order += [each for each in documents if refreshed(each).status == "embedding"]
    assert [document.pk for document in dict.fromkeys(order)] == [
        documents[0].pk,
        documents[2].pk,
        documents[1].pk,
    ]
    for _ in documents:
        tasks.embed()
    assert {refreshed(document).status for document in documents} == {"ready"}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the tasks that are sent to workers."""
    names: list[str] = []
    monkeypatch.setattr(tasks, "enqueue", lambda task: names.append(task.name))
    return names


def test_task_is_enqueued_again_while_documents_wait(
    cast: Cast, sent: list[str], embeddings: None
) -> None:
    for number in range(2):
        with tenant(cast.instance):
            uploads.store_upload(
                instance=cast.instance,
                user=cast.owner,
                name="note.txt",
                content=BytesIO(f"La note {number} est lue.".encode()),
            )
    sent.clear()
    tasks.parse()
    assert sent == ["ingestion.tasks.embed", "ingestion.tasks.parse"]
    sent.clear()
    tasks.parse()
    assert sent == ["ingestion.tasks.embed"]
    sent.clear()
    tasks.parse()
    assert sent == []


def broken(*_arguments: Any, **_more: Any) -> Any:
    raise ProtocolError("a proxy's page")


def test_retries_wait_longer_each_time_and_end(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transitions, "MAX_RETRIES", 3)
    monkeypatch.setitem(pipeline.STAGES, Document.Status.EMBEDDING, broken)
    (document,) = wait_in_line(cast.instance, 1, status="embedding")
    pauses = []
    for _ in range(3):
        before = timezone.now()
        tasks.embed()
        waiting = refreshed(document)
        assert waiting.status == "embedding"
        pauses.append((waiting.queued_at - before).total_seconds())
        # Not before its time.
        assert claim_next(EMBED) is None
        change(document, queued_at=before)
    assert pauses == sorted(pauses)
    assert pauses[-1] >= 4 * transitions.FIRST_PAUSE_S
    tasks.embed()
    failed = refreshed(document)
    assert (failed.status, failed.error_code) == ("failed", "protocol_error")


def test_postponed_document_does_not_block_others(
    cast: Cast, small: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(pipeline.STAGES, Document.Status.EMBEDDING, broken)
    wait_in_line(cast.instance, 1, status="embedding")
    tasks.embed()
    wait_in_line(cast.instance, 1, status="embedding")
    assert claimed(EMBED) == cast.instance.pk


def test_retries_are_limited_per_request_and_instance(
    cast: Cast, client_for: Callable[[Any], Any], settings: Any
) -> None:
    settings.RETRIES_AT_ONCE, settings.RETRIES_WAITING = 4, 6
    failed = wait_in_line(cast.instance, 10, status="failed", error_code="parser_crashed")
    client = client_for(cast.editor)
    url = f"/i/{cast.instance.slug}/documents/bulk/"
    form = {"action": "retry", "document": [str(document.pk) for document in failed]}

    def click() -> tuple[int, str]:
        answer = client.post(url, form, headers={"Accept": "application/json"})
        with tenant(cast.instance):
            waiting = Document.objects.filter(status="queued").count()
        return waiting, answer.json()["message"]

    waiting, message = click()
    assert waiting == 4
    assert "4 documents are restarted" in message
    assert "Many documents" in message
    assert [click()[0] for _ in range(2)] == [6, 6]
    (left,) = wait_in_line(cast.instance, 1, status="failed")
    answer = client.post(
        f"/i/{cast.instance.slug}/documents/{left.pk}/retry/",
        headers={"Accept": "application/json"},
    )
    assert "Many documents" in answer.json()["message"]
    assert refreshed(left).status == "failed"
    # One that was read makes room; another instance has its own.
    end(claim_next(PARSE))
    assert click()[0] == 6


def test_retries_take_turns_with_other_instances(cast: Cast, small: Instance) -> None:
    failed = wait_in_line(cast.instance, 30, status="failed")
    with tenant(cast.instance):
        assert uploads.retry(failed) == 30
    first = claim_next(PARSE)
    wait_in_line(small, 1)
    assert claimed(PARSE) == small.pk
    assert first is not None
    assert first.instance_id == cast.instance.pk


def test_work_of_an_hour_ago_does_not_count(cast: Cast, small: Instance, settings: Any) -> None:
    settings.PARSE_SLOTS = 1
    (done,) = wait_in_line(cast.instance, 1, size_bytes=18 << 20)
    end(claim_next(PARSE))
    with tenant(cast.instance):
        Document.objects.filter(pk=done.pk).update(
            started_at=timezone.now() - timedelta(hours=1),
            updated_at=timezone.now() - timedelta(hours=1),
        )
    wait_in_line(cast.instance, 1)
    wait_in_line(small, 1)
    assert claimed(PARSE) == cast.instance.pk


def test_next_in_turn_claims_nothing(cast: Cast) -> None:
    wait_in_line(cast.instance, 1)
    assert turns.next_in_turn(PARSE) == turns.next_in_turn(PARSE) is not None
