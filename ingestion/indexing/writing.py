"""Write the results of the stages: pages and chunks, vectors, the published document.

Each write is one short transaction of an attempt (``ingestion.attempts``), and raises
``StaleAttempt`` when the attempt is no longer current.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from django.conf import settings
from django.db import connection
from django.utils import timezone
from pgvector import HalfVector

from inference.embedding.client import EmbeddedTexts
from ingestion.attempts.costs import add_cost
from ingestion.attempts.locking import Attempt, locked
from ingestion.indexing.succession import publish_version
from ingestion.models import Chunk, Document, DocumentPage
from ingestion.parsing.document import ParsedPage, Passage, page_text
from ingestion.sandbox import ParsedFile
from instances.tenancy import tenant
from usage.recording import Outcome

_INSERT_BATCH = 500
_Status = Document.Status


def replace_passages(attempt: Attempt, file: ParsedFile) -> Document.Status:
    """Replace the document's pages and chunks, without vectors, and queue it for embedding."""
    parsed = file.document
    pages = [_page(attempt, page) for page in parsed.pages]
    chunks = [_chunk(attempt, passage) for passage in file.passages]
    with locked(attempt, (_Status.PARSING,)) as document:
        Chunk.objects.filter(document=document).delete()
        DocumentPage.objects.filter(document=document).delete()
        DocumentPage.objects.bulk_create(pages, _INSERT_BATCH)
        Chunk.objects.bulk_create(chunks, _INSERT_BATCH)
        document.status = _Status.EMBEDDING
        document.queued_at, document.worker_seen_at = timezone.now(), None
        document.retries = 0
        # A title that someone may have corrected is kept when the file is parsed again.
        document.title = document.title or (parsed.title or "")[:500]
        document.author = document.author or parsed.origin.author or ""
        document.dated = document.dated or parsed.origin.dated
        document.language = (parsed.language or "")[:5]
        document.unit = parsed.unit
        document.warnings = [asdict(warning) for warning in parsed.warnings]
        document.pages, document.chunks = len(pages), len(chunks)
        document.recognised_pages = sum(page.ocr_confidence is not None for page in pages)
        document.embedded_chunks = 0
        document.save()
        add_cost(document, cpu_seconds=file.cpu_seconds)
    return _Status.EMBEDDING


def unembedded_batches(attempt: Attempt, size: int) -> Iterator[list[Chunk]]:
    """Yield the chunks without a vector, in order, in batches of ``size``."""
    position = -1
    while True:
        with tenant(attempt.instance_id):
            batch = list(
                Chunk.objects.for_instance(attempt.instance_id)
                .filter(document=attempt.document_id, embedding__isnull=True, position__gt=position)
                .order_by("position")
                .only("id", "position", "heading", "text")[:size]
            )
        if not batch:
            return
        yield batch
        position = batch[-1].position


def save_vectors(attempt: Attempt, chunks: Sequence[Chunk], embedded: EmbeddedTexts) -> None:
    """Store the vectors of a batch of chunks, and the progress."""
    rows = [
        (chunk.pk, HalfVector(vector).to_text())
        for chunk, vector in zip(chunks, embedded.vectors, strict=True)
    ]
    with locked(attempt, (_Status.EMBEDDING,)) as document, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ingestion_chunk AS chunk SET embedding = row.vector::halfvec"
            " FROM unnest(%s::bigint[], %s::text[]) AS row(id, vector)"
            " WHERE chunk.id = row.id AND chunk.instance_id = %s",
            [[pk for pk, _ in rows], [text for _, text in rows], attempt.instance_id],
        )
        document.embedded_chunks += len(rows)
        document.retries = 0
        document.worker_seen_at = timezone.now()
        document.save(update_fields=["embedded_chunks", "retries", "worker_seen_at", "updated_at"])
        add_cost(document, cpu_seconds=embedded.processor_seconds)


def publish(attempt: Attempt) -> Document.Status:
    """Make a fully embedded document visible to retrieval, in place of its version before."""
    with locked(attempt, (_Status.EMBEDDING,)) as document:
        document.embedding_model = settings.EMBEDDING_MODEL
        document.embedded_chunks = document.chunks
        document.finished_at = timezone.now()
        publish_version(document)
        add_cost(document, outcome=Outcome.COMPLETE)
    return _Status.READY


def _page(attempt: Attempt, page: ParsedPage) -> DocumentPage:
    return DocumentPage(
        instance_id=attempt.instance_id,
        document_id=attempt.document_id,
        number=page.number,
        label=page.label[:200],
        text=page_text(page),
        ocr_confidence=page.ocr_confidence,
    )


def _chunk(attempt: Attempt, passage: Passage) -> Chunk:
    return Chunk(
        instance_id=attempt.instance_id,
        document_id=attempt.document_id,
        position=passage.position,
        text=passage.text,
        heading=passage.heading[:500],
        page_start=passage.page_start,
        page_end=passage.page_end,
        char_start=passage.char_start,
        char_end=passage.char_end,
        token_count=passage.token_count,
    )
