"""Turns of instances before parsing and embedding; manual and automatic retries."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from ingestion import tasks, turns, uploads
from ingestion.attempts import transitions
from ingestion.models import Document
from ingestion.turns import EMBED, LARGE_BYTES, PARSE, Stage, claim_next
from instances.models import Instance
from instances.tenancy import tenant
from tests.cast import Cast
from tests.ingestion.stages import change, claimed, end, refreshed, wait_in_line

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]


STAGES = {"parse": (PARSE, "queued"), "embed": (EMBED, "embedding")}


each_stage = pytest.mark.parametrize(("stage", "status"), STAGES.values(), ids=STAGES)


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


@each_stage
def test_document_put_first_is_next_of_its_instance_alone(
    cast: Cast, small: Instance, stage: Stage, status: str
) -> None:
    (other,) = wait_in_line(small, 1, status=status)
    waiting = wait_in_line(cast.instance, 3, status=status)
    with tenant(cast.instance):
        last = Document.objects.for_instance(cast.instance).filter(pk=waiting[-1].pk)
        assert uploads.put_first(last) == 1
    order = []
    while attempt := claim_next(stage):
        order.append(attempt.document_id)
        end(attempt)
    assert order == [other.pk, waiting[2].pk, waiting[0].pk, waiting[1].pk]
