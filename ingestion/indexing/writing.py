"""Write the results of the stages: pages and chunks, vectors, the published document.

Each write is one short transaction of an attempt (``ingestion.attempts``), and raises
``StaleAttempt`` when the attempt is no longer current.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

from django.db import connection
from django.utils import timezone
from pgvector import HalfVector

from inference.embedding.vectors import EmbeddedTexts
from ingestion.attempts.costs import add_cost, add_vectors
from ingestion.attempts.locking import Attempt, locked
from ingestion.indexing import statistics
from ingestion.indexing.generations import SearchIndex, hold_active_index
from ingestion.indexing.succession import must_be_tried, publish_version
from ingestion.models import Chunk, Document, DocumentPage
from ingestion.parsing.document import ParsedPage, Passage, page_text
from ingestion.sandbox import ParsedFile
from instances.tenancy import tenant
from usage.recording import Outcome, Requester

_INSERT_BATCH = 500
_Status = Document.Status


def replace_passages(attempt: Attempt, file: ParsedFile, index: SearchIndex) -> Document.Status:
    """Replace the document's pages and chunks, without vectors, and queue it for embedding.

    The chunks are of an index; if another answers meanwhile, the document is queued again.
    """
    parsed = file.document
    pages = [_page(attempt, page) for page in parsed.pages]
    chunks = chunks_of(attempt, file.passages, index.generation)
    with locked_in(attempt, index.generation, _Status.PARSING) as document:
        if document.status == _Status.QUEUED:
            return _Status.QUEUED
        # In another index than that which answers, it may still be visible.
        statistics.withdraw(document)
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
        document.index_generation = index.generation
        document.save()
        add_cost(document, cpu_seconds=file.cpu_seconds)
    return _Status.EMBEDDING


def unembedded_batches(attempt: Attempt, generation: int, size: int) -> Iterator[list[Chunk]]:
    """Yield the chunks of an index without a vector, in order, in batches of ``size``."""
    position = -1
    while True:
        with tenant(attempt.instance_id):
            batch = list(
                Chunk.objects.for_instance(attempt.instance_id)
                .filter(document=attempt.document_id, generation=generation)
                .filter(embedding__isnull=True, position__gt=position)
                .order_by("position")
                .only("id", "position", "heading", "text")[:size]
            )
        if not batch:
            return
        yield batch
        position = batch[-1].position


def save_vectors(attempt: Attempt, chunks: Sequence[Chunk], embedded: EmbeddedTexts) -> None:
    """Store the vectors of a batch of chunks, and the progress."""
    with locked(attempt, (_Status.EMBEDDING,)) as document:
        write_vectors(attempt.instance_id, chunks, embedded)
        document.embedded_chunks += len(chunks)
        document.retries = 0
        document.worker_seen_at = timezone.now()
        document.save(update_fields=["embedded_chunks", "retries", "worker_seen_at", "updated_at"])
        n_tokens = embedded.n_tokens if embedded.server is None else 0
        add_cost(document, cpu_seconds=embedded.processor_seconds, n_tokens=n_tokens)
        requester = Requester(instance_id=document.instance_id, user_id=document.uploaded_by_id)
        model = document.instance.embedding_model_name
        texts = [chunk.text for chunk in chunks]
        add_vectors(requester, attempt.request_id, model, embedded, texts)


def copy_vectors(attempt: Attempt) -> None:
    """Give passages the vectors that the same words have in other versions of the document."""
    with locked(attempt, (_Status.EMBEDDING,)) as document:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE ingestion_chunk AS chunk SET embedding = known.embedding"
                " FROM ingestion_chunk AS known JOIN ingestion_document AS version"
                "  ON version.id = known.document_id AND version.instance_id = known.instance_id"
                " WHERE chunk.document_id = %s AND chunk.instance_id = %s"
                "  AND chunk.generation = %s AND chunk.embedding IS NULL"
                "  AND version.series = %s AND version.id <> chunk.document_id"
                "  AND known.instance_id = chunk.instance_id"
                "  AND known.generation = chunk.generation AND known.embedding IS NOT NULL"
                "  AND known.heading = chunk.heading AND known.text = chunk.text",
                [document.pk, document.instance_id, document.index_generation, document.series],
            )
            document.embedded_chunks += cursor.rowcount
        document.save(update_fields=["embedded_chunks", "updated_at"])


def write_vectors(instance_id: int, chunks: Sequence[Chunk], embedded: EmbeddedTexts) -> None:
    """Store the vectors of chunks; runs inside ``tenant(instance)``."""
    vectors = [HalfVector(vector).to_text() for vector in embedded.vectors]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ingestion_chunk AS chunk SET embedding = row.vector::halfvec"
            " FROM unnest(%s::bigint[], %s::text[]) AS row(id, vector)"
            " WHERE chunk.id = row.id AND chunk.instance_id = %s",
            [[chunk.pk for chunk in chunks], vectors, instance_id],
        )


def publish(attempt: Attempt, index: SearchIndex) -> Document.Status:
    """Make a fully embedded document visible to retrieval, in place of its version before.

    A version that must be tried first is held. If another index than that of its chunks answers
    now, the document is queued again.
    """
    with locked_in(attempt, index.generation, _Status.EMBEDDING) as document:
        if document.status == _Status.QUEUED:
            return _Status.QUEUED
        document.embedding_model = index.embedding_model
        document.embedded_chunks = document.chunks
        document.finished_at = timezone.now()
        if must_be_tried(document):
            document.status = _Status.HELD
            document.save()
        else:
            publish_version(document)
        add_cost(document, outcome=Outcome.COMPLETE)
        return _Status(document.status)


def requeue(attempt: Attempt) -> Document.Status:
    """Queue a document again from the beginning, since another index answers now."""
    with locked(attempt, Document.UNFINISHED) as document:
        _queue_again(document)
    return _Status.QUEUED


@contextmanager
def locked_in(attempt: Attempt, generation: int, expected: Document.Status) -> Iterator[Document]:
    """Do as ``locked``, while the index ``generation`` remains the one that answers.

    If it no longer is, the document yielded has been queued again.
    """
    with tenant(attempt.instance_id):
        active = hold_active_index(attempt.instance_id)
        with locked(attempt, (expected,)) as document:
            if active.generation != generation:
                _queue_again(document)
            yield document


def _queue_again(document: Document) -> None:
    document.status = _Status.QUEUED
    document.queued_at, document.worker_seen_at = timezone.now(), None
    document.save(update_fields=["status", "queued_at", "worker_seen_at", "updated_at"])


def _page(attempt: Attempt, page: ParsedPage) -> DocumentPage:
    return DocumentPage(
        instance_id=attempt.instance_id,
        document_id=attempt.document_id,
        number=page.number,
        label=page.label[:200],
        text=page_text(page),
        ocr_confidence=page.ocr_confidence,
    )


def chunks_of(attempt: Attempt, passages: Iterable[Passage], generation: int) -> list[Chunk]:
    """Return the chunks of a document in an index, unsaved and without vectors."""
    return [_chunk(attempt, passage, generation) for passage in passages]


def _chunk(attempt: Attempt, passage: Passage, generation: int) -> Chunk:
    return Chunk(
        instance_id=attempt.instance_id,
        document_id=attempt.document_id,
        generation=generation,
        position=passage.position,
        text=passage.text,
        heading=passage.heading[:500],
        page_start=passage.page_start,
        page_end=passage.page_end,
        char_start=passage.char_start,
        char_end=passage.char_end,
        token_count=passage.token_count,
    )
