"""Indexes that are cancelled, returned to and deleted; past citations open what they cited."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from chat.models import Citation
from inference.errors import ModelNotFound
from ingestion.documents.queries import find_chunk
from ingestion.indexing.generations import hold_active_index
from ingestion.models import Chunk, CorpusStatistics, Document, IndexGeneration, TermStatistics
from ingestion.reindexing import building, starting, switching
from ingestion.reindexing.starting import ReindexingRefused
from instances.models import AuditEntry
from instances.tenancy import tenant
from tests.cast import Cast
from tests.factories import CitationFactory
from tests.ingestion.reindexing.conftest import (
    JUNE,
    PARKING,
    SHORT,
    build,
    dimensions,
    found,
    present,
    start,
)
from tests.ingestion.stages import ingest, refreshed

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("no_broker", "embeddings"),
]


def delete_all() -> None:
    while old := switching.next_deletion():
        switching.delete_some(*old)


def switch(cast: Cast, number: int) -> None:
    with tenant(cast.instance):
        switching.switch(cast.instance.pk, number)


def test_cancelled_index_leaves_nothing(
    cast: Cast, documents: list[Document], one_document_a_turn: None
) -> None:
    start(cast.instance)
    building.work()
    with tenant(cast.instance):
        starting.cancel(cast.instance)
    # A worker that is at it writes nothing more.
    assert building.work() is None
    delete_all()
    assert found(cast.instance)[0] == JUNE
    with tenant(cast.instance):
        assert set(Chunk.objects.values_list("generation", flat=True)) == {0}
        assert not TermStatistics.objects.filter(generation=1).exists()
        assert list(IndexGeneration.objects.values_list("number", "status")) == [(0, "active")]


def test_old_index_is_kept_for_some_days_and_its_number_never_used_again(
    cast: Cast, documents: list[Document]
) -> None:
    switch(cast, build(start(cast.instance)).number)
    with tenant(cast.instance):
        cited = Chunk.objects.get(document=documents[0], generation=0)
        citation = CitationFactory(instance=cast.instance, document=documents[0], chunk=cited)
    delete_all()
    assert set(dimensions(cast.instance)) == {0, 1}
    with tenant(cast.instance):
        IndexGeneration.objects.filter(number=0).update(
            kept_until=timezone.now() - timedelta(minutes=1)
        )
    delete_all()
    assert set(dimensions(cast.instance)) == {1}
    with tenant(cast.instance):
        kept = Chunk.objects.get(generation=0)
        assert (kept.pk, kept.embedding, kept.terms) == (cited.pk, None, None)
        assert Citation.objects.get(pk=citation.pk).chunk_id == cited.pk
        opened = find_chunk(refreshed(documents[0]), cited.pk)
        assert opened is not None
        assert opened.text == JUNE
        assert not CorpusStatistics.objects.filter(generation=0).exists()
        with pytest.raises(ReindexingRefused, match=starting.NOTHING_KEPT):
            starting.go_back(present(cast.instance), None)
    assert start(cast.instance, "").number == 2


def test_return_is_at_once_when_nothing_has_changed(cast: Cast, documents: list[Document]) -> None:
    switch(cast, build(start(cast.instance)).number)
    with tenant(cast.instance):
        assert starting.go_back(present(cast.instance), cast.owner)
    assert present(cast.instance).embedding_model == ""
    assert found(cast.instance)[0] == JUNE
    assert refreshed(documents[0]).index_generation == 0
    with tenant(cast.instance):
        assert starting.go_back(present(cast.instance), cast.owner)
    assert present(cast.instance).index_generation == 1


def test_earlier_index_keeps_its_model_when_that_of_the_site_changes(
    cast: Cast, documents: list[Document], settings: Any
) -> None:
    former = settings.EMBEDDING_MODEL
    switch(cast, build(start(cast.instance)).number)
    settings.EMBEDDING_MODEL = SHORT
    settings.EMBEDDING_MODELS = {
        former: {"query_prefix": "query: ", "passage_prefix": "passage: "},
    }
    with tenant(cast.instance):
        assert starting.go_back(present(cast.instance), None)
    assert present(cast.instance).embedding_model == former
    assert refreshed(documents[0]).embedding_model == former
    assert found(cast.instance)[0] == JUNE


def test_earlier_index_of_a_removed_model_does_not_answer_again(
    cast: Cast, documents: list[Document], settings: Any
) -> None:
    switch(cast, build(start(cast.instance)).number)
    settings.EMBEDDING_MODEL = SHORT
    with tenant(cast.instance):
        with pytest.raises(ModelNotFound):
            starting.go_back(present(cast.instance), None)
        assert starting.unfinished(cast.instance) is None
    assert present(cast.instance).index_generation == 1


def test_built_index_of_a_removed_model_does_not_answer(
    cast: Cast, documents: list[Document], settings: Any
) -> None:
    generation = build(start(cast.instance))
    settings.EMBEDDING_MODELS = {}
    with pytest.raises(ModelNotFound):
        switch(cast, generation.number)
    assert found(cast.instance)[0] == JUNE


def test_return_while_a_document_is_published_happens_later(
    cast: Cast, documents: list[Document]
) -> None:
    switch(cast, build(start(cast.instance)).number)
    is_held, may_end = Event(), Event()

    def publish() -> None:
        try:
            with tenant(cast.instance):
                hold_active_index(cast.instance.pk)
                is_held.set()
                may_end.wait(30)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        publishing = pool.submit(publish)
        try:
            assert is_held.wait(30)
            with tenant(cast.instance):
                assert not starting.go_back(present(cast.instance), None)
        finally:
            may_end.set()
        publishing.result()
    assert present(cast.instance).index_generation == 1
    switch(cast, 0)
    assert present(cast.instance).index_generation == 0


def test_return_first_prepares_what_was_uploaded_since(
    cast: Cast, documents: list[Document], upload: Callable[..., Document]
) -> None:
    switch(cast, build(start(cast.instance)).number)
    ingest(upload(PARKING, "parking.txt"))
    with tenant(cast.instance):
        assert not starting.go_back(present(cast.instance), None)
        before = IndexGeneration.objects.get(number=0)
    assert present(cast.instance).index_generation == 1
    assert build(before).embedded_chunks == 1
    switch(cast, 0)
    assert PARKING in found(cast.instance, "Qui peut garer sa voiture ?")


def test_cancelled_return_keeps_both(
    cast: Cast, documents: list[Document], upload: Callable[..., Document]
) -> None:
    switch(cast, build(start(cast.instance)).number)
    ingest(upload(PARKING, "parking.txt"))
    with tenant(cast.instance):
        starting.go_back(present(cast.instance), None)
        starting.cancel(cast.instance)
        statuses = dict(IndexGeneration.objects.values_list("number", "status"))
    assert statuses == {0: "kept", 1: "active"}


def test_acts_are_audited(cast: Cast, documents: list[Document]) -> None:
    switch(cast, build(start(cast.instance)).number)
    with tenant(cast.instance):
        starting.go_back(present(cast.instance), None)
        actions = AuditEntry.objects.filter(action__startswith="index.").order_by("at")
        assert [(entry.action, entry.target) for entry in actions] == [
            ("index.started", "short"),
            ("index.switched", "short"),
            ("index.started", "intfloat/multilingual-e5-small"),
            ("index.switched", "intfloat/multilingual-e5-small"),
        ]
