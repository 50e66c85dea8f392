"""Attempts, cancellation, transient failures, and documents of dead workers."""

from collections.abc import Callable
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from inference.errors import AuthenticationFailed, BackendUnavailable, DimensionMismatch
from ingestion import pipeline, tasks, uploads
from ingestion.attempts import transitions
from ingestion.attempts.locking import Attempt
from ingestion.indexing import writing
from ingestion.indexing.generations import active_index
from ingestion.models import Chunk, CorpusStatistics, Document, TermStatistics
from ingestion.parse_warnings import ParseWarning, WarningCode
from ingestion.parsing.document import Block, ParsedDocument, ParsedPage
from ingestion.sandbox import ParsedFile
from instances.tenancy import tenant
from tests.cast import Cast
from tests.inference.embedding.replies import embeddings
from tests.ingestion.stages import ingest, refreshed, run_stage
from tests.scripted_llm import ScriptedLLM
from usage.models import UsageRecord

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]


def test_document_is_invisible_until_it_is_ready(
    upload: Callable[..., Document], embeddings: None
) -> None:
    document = upload()
    assert run_stage(document) == "embedding"
    with tenant(document.instance_id):
        assert not Chunk.objects.exclude(terms=None).exists()
    run_stage(document)
    assert refreshed(document).status == "ready"
    with tenant(document.instance_id):
        assert not Chunk.objects.filter(terms=None).exists()
        assert CorpusStatistics.objects.get().chunk_count == document.chunks


def test_task_delivered_twice_changes_nothing(
    upload: Callable[..., Document], embeddings: None
) -> None:
    document = upload()
    assert [run_stage(document) for _ in range(4)] == ["embedding", "ready", None, None]
    ready = refreshed(document)
    with tenant(document.instance_id):
        record = UsageRecord.objects.get()
        assert (record.kind, record.outcome) == ("ingestion", "complete")
        assert (record.pages, record.passages) == (ready.pages, ready.chunks)
        assert (record.method, record.user_id) == ("local", ready.uploaded_by_id)
        # Parsing and embedding.
        assert 0 < record.cpu_seconds < 60
        # The server counts the prefix of each passage, too.
        tokens = sum(Chunk.objects.values_list("token_count", flat=True))
        assert record.prompt_tokens == pytest.approx(tokens, abs=8 * ready.chunks)
        assert Chunk.objects.count() == ready.chunks
        assert CorpusStatistics.objects.get().chunk_count == ready.chunks
        assert max(TermStatistics.objects.values_list("document_frequency", flat=True)) == 1


def test_embedding_resumes_after_worker_death(
    upload: Callable[..., Document], embeddings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "EMBEDDING_BATCH", 1)
    text = "\n\n".join(f"# Titre {n}\n\n" + f"Article {n} du texte. " * 60 for n in range(5))
    document = upload(text, "long.md")
    run_stage(document)
    sent: list[int] = []
    embed = pipeline.EmbeddingClient.embed_passages

    def dies_on_third(self: Any, texts: list[str], **options: Any) -> Any:
        sent.append(len(texts))
        if len(sent) == 3:
            raise KeyboardInterrupt
        return embed(self, texts, **options)

    monkeypatch.setattr(pipeline.EmbeddingClient, "embed_passages", dies_on_third)
    with pytest.raises(KeyboardInterrupt):
        run_stage(document)
    assert refreshed(document).embedded_chunks == 2
    with tenant(document.instance_id):
        assert UsageRecord.objects.get().outcome == "failed"
    while run_stage(document) == "embedding":
        pass
    ready = refreshed(document)
    assert ready.status == "ready"
    assert len(sent) == ready.chunks + 1


def test_long_document_takes_turns_with_others(
    upload: Callable[..., Document], embeddings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "EMBEDDING_BATCH", 1)
    monkeypatch.setattr(pipeline, "BATCHES_A_TURN", 2)
    text = "\n\n".join(f"# Titre {n}\n\n" + f"Article {n} du texte. " * 60 for n in range(5))
    document = upload(text, "long.md")
    run_stage(document)
    assert run_stage(document) == "embedding"
    waiting = refreshed(document)
    assert (waiting.status, waiting.embedded_chunks) == ("embedding", 2)
    assert waiting.worker_seen_at is None
    while run_stage(document) == "embedding":
        pass
    assert refreshed(document).status == "ready"


def test_cancelled_document_stays_cancelled(
    upload: Callable[..., Document], embeddings: None
) -> None:
    document = upload()
    run_stage(document)
    stale = Attempt.of(document)
    with tenant(document.instance_id):
        uploads.cancel(document)
    assert pipeline.run_stage(stale) is None
    cancelled = refreshed(document)
    assert (cancelled.status, cancelled.error_code) == ("failed", "cancelled")


def test_retry_after_a_failure_succeeds(upload: Callable[..., Document], embeddings: None) -> None:
    document = upload()
    with tenant(document.instance_id):
        uploads.cancel(document)
        assert uploads.retry([document]) == 1
    ingest(document)
    assert refreshed(document).status == "ready"


def test_deleted_document_is_removed_from_statistics(
    upload: Callable[..., Document], embeddings: None
) -> None:
    kept, gone = upload(), upload("La cantine ferme en août.", "cantine.txt")
    for document in (kept, gone):
        ingest(document)
    with tenant(gone.instance_id):
        uploads.delete(gone)
        assert CorpusStatistics.objects.get().chunk_count == refreshed(kept).chunks
        frequencies = TermStatistics.objects.values_list("document_frequency", flat=True)
        assert set(frequencies) <= {1}


def test_document_stays_in_stage_while_model_server_is_unavailable(
    upload: Callable[..., Document], no_embeddings: None
) -> None:
    document = upload()
    run_stage(document)
    with pytest.raises(BackendUnavailable):
        run_stage(document)
    assert refreshed(document).status == "embedding"


def test_document_without_text_fails_with_its_reason(upload: Callable[..., Document]) -> None:
    document = upload(" \n \n\t ", "blank.txt")
    assert run_stage(document) == "failed"
    failed = refreshed(document)
    assert (failed.status, failed.error_code) == ("failed", "empty")
    with tenant(document.instance_id):
        record = UsageRecord.objects.get()
    # What was spent on finding that out.
    assert (record.kind, record.outcome) == ("ingestion", "failed")
    assert record.cpu_seconds > 0


def test_vectors_of_another_server_are_recorded_beside_our_own_work(
    upload: Callable[..., Document], scripted_llm: ScriptedLLM, settings: Any
) -> None:
    settings.EMBEDDING_BASE_URL = scripted_llm.base_url
    settings.EMBEDDING_PARAMETERS_B = 0.5
    document = upload()
    run_stage(document)
    with tenant(document.instance_id):
        n_chunks = Chunk.objects.count()
    vector = [3.0, *[4.0] * 383]
    scripted_llm.script(embeddings(*[vector] * n_chunks, usage={"prompt_tokens": 40}))
    assert run_stage(document) == "ready"
    with tenant(document.instance_id):
        ours, theirs = UsageRecord.objects.order_by("kind")
    assert (ours.kind, ours.method, ours.prompt_tokens) == ("ingestion", "local", 0)
    assert (theirs.kind, theirs.method, theirs.prompt_tokens) == ("vectors", "modelled", 40)
    assert theirs.request_id == ours.request_id
    assert theirs.energy_wh > 0
    assert theirs.user_id == ours.user_id


def test_warnings_of_parser_are_saved(upload: Callable[..., Document]) -> None:
    document = upload()
    attempt = Attempt.of(document)
    transitions.claim(attempt)
    parsed = ParsedDocument(
        media_type="application/pdf",
        title=None,
        language=None,
        unit="page",
        pages=(ParsedPage(1, "", (Block("paragraph", "Texte"),)),),
        warnings=(ParseWarning(WarningCode.IMAGE_ONLY_PAGES, ("2", "5")),),
    )
    writing.replace_passages(attempt, ParsedFile(parsed, ()), active_index(document.instance))
    assert refreshed(document).parse_warnings == list(parsed.warnings)


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (ZeroDivisionError("a bug"), "internal"),
        (AuthenticationFailed("no key", status=401), "authentication_failed"),
        (DimensionMismatch("another model"), "dimension_mismatch"),
    ],
    ids=["bug", "key", "dimensions"],
)
def test_embedding_failure_does_not_blame_the_file(
    upload: Callable[..., Document],
    client_for: Callable[..., Any],
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    code: str,
) -> None:
    document = upload()
    run_stage(document)

    def fail(*_arguments: Any, **_options: Any) -> None:
        raise failure

    monkeypatch.setattr(pipeline.EmbeddingClient, "embed_passages", fail)
    tasks.embed.apply()
    failed = refreshed(document)
    assert (failed.status, failed.error_code) == ("failed", code)
    page = client_for(cast.owner).get("/i/law/documents/").text
    assert "because of an error of the service" in page
    assert "Reading this file failed" not in page


def test_soft_time_limit_fails_with_parse_timeout(
    upload: Callable[..., Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    document = upload()

    def take_too_long(*_arguments: Any) -> None:
        raise SoftTimeLimitExceeded

    monkeypatch.setitem(pipeline.STAGES, Document.Status.PARSING, take_too_long)
    tasks.parse.apply()
    assert refreshed(document).error_code == "parse_timeout"
