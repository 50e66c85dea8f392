"""One attempt at ingesting one document, in short transactions.

Every write first locks the document's row and checks that this attempt is still the current one, so
a task delivered twice, a worker thought dead, or a document cancelled meanwhile changes nothing.
"""

import logging
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from pgvector import HalfVector

from inference.errors import InferenceError
from ingestion.errors import IngestionError
from ingestion.indexing import statistics
from ingestion.models import Chunk, Document, DocumentPage
from ingestion.parsing.document import ParsedDocument, Passage, page_text
from instances.tenancy import tenant

logger = logging.getLogger(__name__)

BEAT_SECONDS = 3.0
# Pauses before a document is tried again by itself: 2 s, 4 s … 10 minutes, for about two days.
FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 600.0
MAX_RETRIES = 300
_INSERT_BATCH = 500
Status = Document.Status


class StaleAttempt(Exception):
    """The document was deleted, cancelled or restarted since this attempt began."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Which document, and which try at it."""

    instance_id: int
    document_id: UUID
    number: int

    def claim(self, expected: Collection[str], status: str) -> Document:
        """Move the document into a stage and return it.

        Raises StaleAttempt unless it is this attempt's and in one of the ``expected`` stages.
        """
        with self._locked(expected) as document:
            document.status = status
            document.worker_seen_at = timezone.now()
            document.started_at = document.started_at or document.worker_seen_at
            document.save(update_fields=["status", "worker_seen_at", "started_at", "updated_at"])
        return document

    @contextmanager
    def beating(self) -> Iterator[threading.Event]:
        """Show every ``BEAT_SECONDS`` that the worker lives, whatever it waits for.

        The event given is set when the document was cancelled, deleted or restarted meanwhile.
        """
        unwanted, done = threading.Event(), threading.Event()
        thread = threading.Thread(target=self._beat, args=(unwanted, done), daemon=True)
        thread.start()
        try:
            yield unwanted
        finally:
            done.set()
            thread.join()

    def _beat(self, unwanted: threading.Event, done: threading.Event) -> None:
        while not done.wait(BEAT_SECONDS):
            try:
                if not self._touch():
                    unwanted.set()
            except (OperationalError, InterfaceError):
                logger.warning("the database is away; document %s waits for it", self.document_id)
            finally:
                connection.close()

    def _touch(self) -> bool:
        with tenant(self.instance_id):
            current = Document.objects.for_instance(self.instance_id).filter(
                pk=self.document_id, attempt=self.number, status__in=Document.UNFINISHED
            )
            return bool(current.update(worker_seen_at=timezone.now()))

    @contextmanager
    def failing(self) -> Iterator[None]:
        """Turn a permanent error into the document's reason; let a transient one through."""
        try:
            yield
        except (IngestionError, InferenceError) as error:
            if not error.permanent:
                raise
            self.fail(error.code)

    def release(self) -> None:
        """Let the document wait in its stage for whoever takes it up next."""
        with self._locked(Document.UNFINISHED) as document:
            document.queued_at, document.worker_seen_at = timezone.now(), None
            document.save(update_fields=["queued_at", "worker_seen_at", "updated_at"])

    def postpone(self, code: str) -> None:
        """Let the document wait, longer each time, before it is tried again by itself.

        After ``MAX_RETRIES`` without progress it ends, with ``code`` as its reason.
        """
        with self._locked(Document.UNFINISHED) as document:
            if document.retries >= MAX_RETRIES:
                _end(document, code)
                return
            pause_s = min(FIRST_PAUSE_S * 2 ** min(document.retries, 10), LONGEST_PAUSE_S)
            document.retries += 1
            document.queued_at = timezone.now() + timedelta(seconds=pause_s)
            document.worker_seen_at = None
            document.save(update_fields=["retries", "queued_at", "worker_seen_at", "updated_at"])

    def fail(self, code: str) -> None:
        """End the document with a reason."""
        with self._locked(Document.UNFINISHED) as document:
            _end(document, code)

    def save_passages(self, parsed: ParsedDocument, passages: Sequence[Passage]) -> None:
        """Replace pages and chunks, without vectors, and hand the document on to embedding."""
        pages = [
            DocumentPage(
                instance_id=self.instance_id,
                document_id=self.document_id,
                number=page.number,
                label=page.label[:200],
                text=page_text(page),
            )
            for page in parsed.pages
        ]
        chunks = [
            Chunk(
                instance_id=self.instance_id,
                document_id=self.document_id,
                position=passage.position,
                text=passage.text,
                heading=passage.heading[:500],
                page_start=passage.page_start,
                page_end=passage.page_end,
                char_start=passage.char_start,
                char_end=passage.char_end,
                token_count=passage.token_count,
            )
            for passage in passages
        ]
        with self._locked((Status.PARSING,)) as document:
            Chunk.objects.filter(document=document).delete()
            DocumentPage.objects.filter(document=document).delete()
            DocumentPage.objects.bulk_create(pages, _INSERT_BATCH)
            Chunk.objects.bulk_create(chunks, _INSERT_BATCH)
            document.status = Status.EMBEDDING
            document.queued_at, document.worker_seen_at = timezone.now(), None
            document.retries = 0
            document.title = (parsed.title or "")[:500]
            document.language = (parsed.language or "")[:5]
            document.unit = parsed.unit
            document.warnings = [warning[:200] for warning in parsed.warnings]
            document.pages, document.chunks = len(pages), len(chunks)
            document.embedded_chunks = 0
            document.save()

    def unembedded_batches(self, size: int) -> Iterator[list[Chunk]]:
        """Yield chunks that have no vector yet, in order, ``size`` at a time."""
        position = -1
        while True:
            with tenant(self.instance_id):
                batch = list(
                    Chunk.objects.for_instance(self.instance_id)
                    .filter(
                        document=self.document_id, embedding__isnull=True, position__gt=position
                    )
                    .order_by("position")
                    .only("id", "position", "heading", "text")[:size]
                )
            if not batch:
                return
            yield batch
            position = batch[-1].position

    def save_vectors(self, chunks: Sequence[Chunk], vectors: np.ndarray) -> None:
        """Store the vectors of a batch, of shape ``(n_chunks, dim)``, and the progress made."""
        rows = [
            (chunk.pk, HalfVector(vector).to_text())
            for chunk, vector in zip(chunks, vectors, strict=True)
        ]
        with self._locked((Status.EMBEDDING,)) as document, connection.cursor() as cursor:
            cursor.execute(
                "UPDATE ingestion_chunk AS chunk SET embedding = row.vector::halfvec"
                " FROM unnest(%s::bigint[], %s::text[]) AS row(id, vector)"
                " WHERE chunk.id = row.id AND chunk.instance_id = %s",
                [[pk for pk, _ in rows], [text for _, text in rows], self.instance_id],
            )
            document.embedded_chunks += len(rows)
            document.retries = 0
            document.worker_seen_at = timezone.now()
            document.save(
                update_fields=["embedded_chunks", "retries", "worker_seen_at", "updated_at"]
            )

    def publish(self) -> None:
        """Make a fully embedded document visible to retrieval."""
        with self._locked((Status.EMBEDDING,)) as document:
            statistics.make_searchable(document)
            document.status = Status.READY
            document.embedding_model = settings.EMBEDDING_MODEL
            document.embedded_chunks = document.chunks
            document.finished_at = timezone.now()
            document.save()

    @contextmanager
    def _locked(self, expected: Collection[str]) -> Iterator[Document]:
        with tenant(self.instance_id):
            document = (
                Document.objects.for_instance(self.instance_id)
                .select_for_update()
                .filter(pk=self.document_id, attempt=self.number, status__in=expected)
                .first()
            )
            if document is None:
                raise StaleAttempt
            yield document


def _end(document: Document, code: str) -> None:
    document.status = Status.FAILED
    document.error_code = code
    document.finished_at = timezone.now()
    document.save()
