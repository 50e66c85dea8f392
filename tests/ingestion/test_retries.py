"""Manual and automatic retries of documents: pauses, limits, turns."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from inference.errors import ProtocolError
from ingestion import pipeline, tasks, uploads
from ingestion.attempts import transitions
from ingestion.models import Document
from ingestion.turns import EMBED, PARSE, claim_next
from instances.models import Instance
from instances.tenancy import tenant
from tests.cast import Cast
from tests.ingestion.stages import change, claimed, end, refreshed, wait_in_line

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]


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
