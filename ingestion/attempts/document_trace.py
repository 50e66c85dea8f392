"""The trace of an attempt at a document (``usage.traces``), of which each worker sends its part.

    ingest_document             from the start of the document's work to its end
        parse
        chunk
        embeddings MODEL        one for each turn of the document
        index

Names of documents are in it only with ``TRACES_WITH_CONTENT``.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction

from inference.embedding.offered import offered_embedding
from ingestion.attempts.locking import Attempt
from ingestion.models import Document
from usage.models import UsageRecord
from usage.traces import exporter
from usage.traces.spans import Attributes, Span, content, footprint, operation

_NS_PER_S = 1_000_000_000


@dataclass(slots=True)
class Step:
    """A step under way; its last ``chunking_seconds``, if any, are shown as the step after it."""

    chunking_seconds: float = 0.0


@contextmanager
def traced(attempt: Attempt, name: str, attributes: Attributes | None = None) -> Iterator[Step]:
    """Send the block as a step of the attempt, also if it fails."""
    step, error = Step(), ""
    started_ns = time.time_ns()
    try:
        yield step
    except Exception as failure:
        error = getattr(failure, "code", type(failure).__name__)
        raise
    finally:
        ended_ns = time.time_ns()
        cut_ns = ended_ns - round(step.chunking_seconds * _NS_PER_S)
        steps = [(name, started_ns, cut_ns)]
        if cut_ns < ended_ns:
            steps.append(("chunk", cut_ns, ended_ns))
        for each, began_ns, finished_ns in steps:
            span = Span(
                name=each,
                started_ns=began_ns,
                ended_ns=finished_ns,
                attributes=attributes or {},
                error=error,
            )
            exporter.export(attempt.request_id, span, is_root=False)


@contextmanager
def traced_embedding(attempt: Attempt, embedding_model: str) -> Iterator[None]:
    """Send the block as a turn in which passages are embedded."""
    offered = offered_embedding(embedding_model)
    attributes = operation(
        "embeddings", provider="ragapp", model=offered.name, url=offered.base_url
    )
    with traced(attempt, f"embeddings {offered.name}", attributes):
        yield


def end_trace(document: Document, record: UsageRecord) -> None:
    """Send the root of the trace when the transaction commits, which ends work on the document."""
    started = document.started_at or document.created_at
    root = Span(
        name="ingest_document",
        started_ns=_ns(started),
        ended_ns=_ns(document.finished_at or started),
        attributes={
            "gen_ai.data_source.id": str(document.instance_id),
            "ragapp.document.id": str(document.pk),
            "ragapp.document.name": content(document.name),
            "ragapp.document.media_type": document.media_type,
            "ragapp.document.size_bytes": document.size_bytes,
            "ragapp.document.pages": document.pages,
            "ragapp.document.passages": document.chunks,
            **footprint(record),
        },
        error=document.error_code if document.status == Document.Status.FAILED else "",
    )
    transaction.on_commit(partial(exporter.export, record.request_id, root))


def _ns(time_of: datetime) -> int:
    return round(time_of.timestamp() * _NS_PER_S)
