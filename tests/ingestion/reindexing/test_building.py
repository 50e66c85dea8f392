"""Another index is built while the present one answers, in step with the documents."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from django.db import connection

from ingestion import uploads, versions
from ingestion.models import Chunk, Document
from ingestion.reindexing import building, claims, starting, switching
from ingestion.reindexing.progress import progress_of
from ingestion.reindexing.starting import ReindexingRefused
from ingestion.reindexing.switching import NotInStep
from ingestion.tasks import reindex
from instances.tenancy import tenant
from tests.cast import Cast
from tests.ingestion.reindexing.conftest import (
    JUNE,
    LIBRARY,
    PARKING,
    SHORT,
    build,
    dimensions,
    found,
    present,
    start,
)
from tests.ingestion.stages import change, ingest, refreshed, run_stage
from usage.models import UsageRecord

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("no_broker", "embeddings"),
]


def switch(cast: Cast, number: int) -> None:
    with tenant(cast.instance):
        switching.switch(cast.instance.pk, number)


def test_other_dimensions_answer_after_the_switch(cast: Cast, documents: list[Document]) -> None:
    generation = build(start(cast.instance))
    assert generation.status == "built"
    assert found(cast.instance)[0] == JUNE
    before = present(cast.instance)
    switch(cast, generation.number)
    after = present(cast.instance)
    assert (after.index_generation, after.embedding_model) == (1, SHORT)
    assert found(cast.instance)[0] == JUNE
    # A question that began before the switch ends in its index.
    assert found(cast.instance, asked=before)[0] == JUNE
    assert dimensions(cast.instance) == {0: {384}, 1: {256}}
    document = refreshed(documents[0])
    assert (document.index_generation, document.embedding_model) == (1, SHORT)


def test_passages_of_another_size(cast: Cast, upload: Callable[..., Document]) -> None:
    text = "\n\n".join(f"L'article {n} accorde {n} jours de congé aux agents." for n in range(60))
    document = upload(text)
    ingest(document)
    n_before = refreshed(document).chunks
    build(start(cast.instance, "", chunk_tokens=64))
    switch(cast, 1)
    after = refreshed(document)
    assert after.chunks > 2 * n_before
    with tenant(cast.instance):
        chunks = Chunk.objects.filter(document=document, generation=1)
        assert max(chunks.values_list("token_count", flat=True)) <= 64
        assert chunks.count() == after.chunks


def test_documents_that_change_meanwhile_are_in_step(
    cast: Cast,
    documents: list[Document],
    upload: Callable[..., Document],
    one_document_a_turn: None,
) -> None:
    generation = start(cast.instance)
    assert building.work() is not None
    jury, library = documents
    parking = upload(PARKING, "parking.txt")
    ingest(parking)
    with tenant(cast.instance):
        versions.delete(refreshed(library))
        newer, _new = versions.add_version(
            refreshed(jury), user=None, name="jury.txt", content=BytesIO(b"Le jury siege en mai.")
        )
    ingest(newer)
    with tenant(cast.instance):
        uploads.retitle(refreshed(newer), "Jurys")
    assert build(generation).status == "built"
    switch(cast, generation.number)
    for query in ("Quand le jury se réunit-il ?", "Qui peut garer sa voiture ?"):
        assert sorted(found(cast.instance, query)) == sorted(["Le jury siege en mai.", PARKING])
    assert dimensions(cast.instance) == {0: {384}, 1: {256}}


def test_what_is_published_after_the_end_is_added_before_the_switch(
    cast: Cast, documents: list[Document], upload: Callable[..., Document]
) -> None:
    generation = build(start(cast.instance))
    ingest(upload(PARKING, "parking.txt"))
    with pytest.raises(NotInStep):
        switch(cast, generation.number)
    assert present(cast.instance).index_generation == 0
    build(generation)
    switch(cast, generation.number)
    assert PARKING in found(cast.instance, "Qui peut garer sa voiture ?")


@pytest.mark.parametrize("n_stages", [0, 1], ids=["waiting", "parsed"])
def test_upload_under_way_at_the_switch_ends_in_the_new_index(
    cast: Cast, documents: list[Document], upload: Callable[..., Document], n_stages: int
) -> None:
    generation = build(start(cast.instance))
    parking = upload(PARKING, "parking.txt")
    for _stage in range(n_stages):
        run_stage(parking)
    switch(cast, generation.number)
    assert ingest(parking) == "ready"
    assert refreshed(parking).index_generation == 1
    assert PARKING in found(cast.instance, "Qui peut garer sa voiture ?")
    assert dimensions(cast.instance)[1] == {256}


def test_restored_version_of_the_old_index_is_read_again(
    cast: Cast, documents: list[Document]
) -> None:
    jury = documents[0]
    with tenant(cast.instance):
        newer, _new = versions.add_version(
            refreshed(jury), user=None, name="jury.txt", content=BytesIO(b"Le jury siege en mai.")
        )
    ingest(newer)
    switch(cast, build(start(cast.instance)).number)
    with tenant(cast.instance):
        versions.restore(refreshed(jury))
    assert found(cast.instance)[0] == "Le jury siege en mai."
    assert ingest(refreshed(jury)) == "ready"
    assert found(cast.instance)[0] == JUNE


def test_questions_meanwhile_are_answered_from_one_index(
    cast: Cast, documents: list[Document]
) -> None:
    stop = threading.Event()

    def ask() -> list[list[str]]:
        answers = []
        try:
            while not stop.is_set():
                answers.append(found(cast.instance))
        finally:
            connection.close()
        return answers

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        try:
            for model in (SHORT, "", SHORT):
                switch(cast, build(start(cast.instance, model)).number)
        finally:
            stop.set()
        answers = asking.result()
    assert answers
    assert all(answer == [JUNE, LIBRARY] for answer in answers)


def test_document_that_the_model_may_not_receive_fails_and_comes_back(
    cast: Cast, documents: list[Document], settings: Any
) -> None:
    settings.EMBEDDING_MODELS[SHORT]["sensitivity"] = "public"
    change(documents[0], sensitivity="internal")
    cast.instance.sensitivity = "public"
    cast.instance.save(update_fields=["sensitivity"])
    generation = build(start(cast.instance))
    assert generation.failures == {
        str(documents[0].pk): {"code": "not_cleared", "attempt": 1, "level": "internal"}
    }
    switch(cast, generation.number)
    failed = refreshed(documents[0])
    assert (failed.status, failed.error_code) == ("failed", "not_cleared")
    assert found(cast.instance) == [LIBRARY]
    with tenant(cast.instance):
        assert starting.go_back(present(cast.instance), None)
    assert refreshed(documents[0]).status == "ready"
    assert found(cast.instance)[0] == JUNE


def test_usage_of_the_person_who_started_it_is_recorded(
    cast: Cast, documents: list[Document]
) -> None:
    build(start(cast.instance, user=cast.owner))
    with tenant(cast.instance):
        records = UsageRecord.objects.filter(kind="ingestion", model=SHORT)
        assert {record.user_id for record in records} == {cast.owner.pk}
        assert sum(record.passages for record in records) == 2
        assert all(record.cpu_seconds > 0 for record in records)


def test_failure_of_the_server_is_tried_again_later(
    cast: Cast, documents: list[Document], settings: Any, no_embeddings: None
) -> None:
    settings.EMBEDDING_TIMEOUT_S = 0.2
    generation = start(cast.instance)
    settings.EMBEDDING_MODELS = {}
    assert building.work() is not None
    with tenant(cast.instance):
        generation.refresh_from_db()
    assert (generation.status, generation.error_code) == ("building", "model_not_found")
    assert not claims.is_work_waiting()


def test_same_index_or_a_second_one_is_refused(cast: Cast) -> None:
    with pytest.raises(ReindexingRefused, match=starting.SAME):
        start(cast.instance, "")
    start(cast.instance)
    with pytest.raises(ReindexingRefused, match=starting.UNDER_WAY):
        start(cast.instance, "", chunk_tokens=64)


def test_task_of_a_worker_builds_and_deletes(cast: Cast, documents: list[Document]) -> None:
    generation = start(cast.instance)
    reindex()
    with tenant(cast.instance):
        generation.refresh_from_db()
        assert generation.status == "built"
        starting.cancel(cast.instance)
    while switching.next_deletion():
        reindex()
    assert dimensions(cast.instance) == {0: {384}}


def test_instances_take_turns(
    cast: Cast, documents: list[Document], one_document_a_turn: None
) -> None:
    start(cast.instance)
    start(cast.other_instance)
    turns = [claim.instance_id for claim in iter(building.work, None)]
    law, physics = cast.instance.pk, cast.other_instance.pk
    assert turns[:3] == [law, physics, law]


def test_upload_that_waits_goes_before_the_next_document(
    cast: Cast, documents: list[Document], upload: Callable[..., Document]
) -> None:
    generation = start(cast.instance)
    parking = upload(PARKING, "parking.txt")
    assert run_stage(parking) == "embedding"
    building.work()
    with tenant(cast.instance):
        assert progress_of(generation).done == 1
    assert run_stage(parking) == "ready"
    building.work()
    with tenant(cast.instance):
        assert progress_of(generation).done == 3
