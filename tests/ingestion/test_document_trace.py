"""The trace of a document, as a collector receives it from the workers."""

from collections.abc import Callable
from typing import Any

import pytest

from ingestion.attempts.locking import Attempt
from ingestion.models import Document
from tests.fixtures.traces import Collector, attributes
from tests.ingestion.stages import ingest, refreshed

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]


def test_document_is_a_trace_of_its_stages_without_its_name(
    upload: Callable[..., Document], embeddings: None, collector: Collector, settings: Any
) -> None:
    document = upload("# Congés\n\nVingt-cinq jours ouvrés.", "confidentiel.md")
    assert ingest(document) == "ready"
    trace = collector.trace(Attempt.of(document).request_id, "ingest_document")
    root = trace.pop("ingest_document")
    model = f"embeddings {settings.EMBEDDING_MODEL}"
    assert trace.keys() == {"parse", "chunk", model, "index"}
    assert {span.parent_span_id for span in trace.values()} == {root.span_id}
    order = [trace[name] for name in ("parse", "chunk", model, "index")]
    starts = [span.start_time_unix_nano for span in order]
    assert starts == sorted(starts)
    said = attributes(root)
    ready = refreshed(document)
    assert said["ragapp.document.id"] == str(document.pk)
    assert said["ragapp.document.passages"] == ready.chunks
    assert said["ragapp.energy_wh"] > 0
    assert "confidentiel" not in collector.text
    assert "ouvrés" not in collector.text


def test_failed_document_says_why(
    upload: Callable[..., Document], embeddings: None, collector: Collector
) -> None:
    document = upload("   \n", "vide.txt")
    assert ingest(document) == "failed"
    trace = collector.trace(Attempt.of(document).request_id, "ingest_document")
    code = refreshed(document).error_code
    assert attributes(trace["ingest_document"])["error.type"] == code
    assert attributes(trace["parse"])["error.type"] == code
