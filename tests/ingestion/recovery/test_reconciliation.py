"""Documents of dead workers, lost messages and another embedding model."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from ingestion import tasks, turns
from ingestion.attempts.locking import Attempt
from ingestion.models import CorpusStatistics, Document
from ingestion.recovery import reconciliation
from instances.tenancy import tenant
from tests.ingestion.stages import ingest, refreshed, run_stage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]


def change(document: Document, **fields: Any) -> None:
    with tenant(document.instance_id):
        Document.objects.filter(pk=document.pk).update(**fields)


def silence(document: Document) -> None:
    long_ago = timezone.now() - 2 * reconciliation.SILENCE
    change(document, status="parsing", worker_seen_at=long_ago)


class TestReconciler:
    def test_document_of_a_silent_worker_waits_again(self, upload: Callable[..., Document]) -> None:
        document = upload()
        silence(document)
        assert turns.next_in_turn(turns.PARSE) is None
        reconciliation.restart_lost_documents()
        attempt = turns.next_in_turn(turns.PARSE)
        assert attempt == Attempt(document.instance_id, document.pk, document.attempt + 1)
        reconciliation.restart_lost_documents()
        assert turns.next_in_turn(turns.PARSE) == attempt

    def test_document_with_recent_heartbeat_is_unchanged(
        self, upload: Callable[..., Document]
    ) -> None:
        document = upload()
        change(document, status="embedding", worker_seen_at=timezone.now())
        reconciliation.restart_lost_documents()
        assert refreshed(document).attempt == document.attempt
        assert turns.next_in_turn(turns.EMBED) is None

    @pytest.mark.parametrize("messages", [0, 1], ids=["lost", "there"])
    def test_lost_message_is_sent_again(
        self,
        upload: Callable[..., Document],
        monkeypatch: pytest.MonkeyPatch,
        settings: Any,
        messages: int,
    ) -> None:
        upload()
        sent: list[str] = []
        monkeypatch.setattr(tasks, "waiting_messages", lambda _queue: messages)
        monkeypatch.setattr(tasks, "enqueue", lambda task: sent.append(task.name))
        tasks.reconcile()
        expected = [] if messages else ["ingestion.tasks.parse"] * settings.PARSE_SLOTS
        assert sent == expected

    def test_documents_of_another_model_are_embedded_again(
        self, upload: Callable[..., Document], embeddings: None, settings: Any
    ) -> None:
        document = upload()
        ingest(document)
        change(document, embedding_model="an-older-model")
        reconciliation.restart_lost_documents()
        waiting = refreshed(document)
        assert waiting.status == "embedding"
        attempt = Attempt(document.instance_id, document.pk, waiting.attempt)
        assert turns.next_in_turn(turns.EMBED) == attempt
        with tenant(document.instance_id):
            assert CorpusStatistics.objects.get().chunk_count == 0
        run_stage(waiting)
        ready = refreshed(document)
        assert (ready.status, ready.embedding_model) == ("ready", settings.EMBEDDING_MODEL)

    def test_document_that_kills_its_workers_fails(self, upload: Callable[..., Document]) -> None:
        document = upload()
        for _ in range(reconciliation.MAX_INTERRUPTIONS):
            silence(document)
            reconciliation.restart_lost_documents()
        failed = refreshed(document)
        assert (failed.status, failed.error_code) == ("failed", "parser_crashed")
        assert turns.next_in_turn(turns.PARSE) is None
