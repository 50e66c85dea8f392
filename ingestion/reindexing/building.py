"""Builds an index, document after document, in turns of some seconds.

What is built is what the index lacks (``documents.missing_documents``), so documents that were
uploaded, changed or restored meanwhile come by themselves, and those that were deleted are gone. A
killed worker loses one batch: passages without a vector are found again, and nothing is visible in
the index before the whole document is. Documents that wait to be embedded for the first time go
first.
"""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from threading import Event
from time import monotonic

from django.utils import timezone

from inference.embedding.client import EmbeddingClient
from inference.errors import (
    AuthenticationFailed,
    BackendRejected,
    DimensionMismatch,
    InferenceError,
    ModelNotFound,
)
from ingestion.attempts.costs import add_vectors
from ingestion.attempts.locking import Attempt
from ingestion.chunking import embedding_text
from ingestion.errors import EmptyDocument, IngestionError
from ingestion.indexing import statistics, writing
from ingestion.indexing.shards.building import build, needs_build
from ingestion.models import Chunk, Document, IndexGeneration
from ingestion.parsing.document import Passage
from ingestion.pipeline import EMBEDDING_BATCH
from ingestion.reindexing import claims
from ingestion.reindexing.claims import Claim, StaleClaim, claimed
from ingestion.reindexing.costs import record_cost, request_id_of
from ingestion.reindexing.documents import as_failure, missing_documents, passages_of
from ingestion.turns import EMBED, next_in_turn
from instances.tenancy import tenant
from usage.recording import Requester

logger = logging.getLogger(__name__)

# Then another index has its turn.
TURN_S = 8.0
_DOCUMENTS_AT_ONCE = 50
_INSERT_BATCH = 500
# What the server would say of any document: the index waits for its operators.
_OF_SERVER = (AuthenticationFailed, DimensionMismatch, ModelNotFound)
_NO_SUCH_ADDRESS = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)


class _TurnEnded(Exception):
    """Another index, or an upload, has its turn."""


class _Changed(Exception):
    """The document was deleted or changed meanwhile."""


def work() -> Claim | None:
    """Build some of the index whose turn it is; return its claim, None when none waited."""
    claim = claims.claim_next()
    if claim is None:
        return None
    try:
        with claims.heartbeat(claim) as cancelled:
            _build(claim, cancelled, monotonic() + TURN_S)
    except (StaleClaim, _TurnEnded):
        pass
    except (InferenceError, IngestionError) as error:
        logger.warning("index %s of instance %s: %s", claim.number, claim.instance_id, error)
        _postpone(claim, error.code)
    claims.release(claim)
    return claim


def _postpone(claim: Claim, code: str) -> None:
    try:
        claims.postpone(claim, code)
    except StaleClaim:
        logger.info("index %s of instance %s is gone", claim.number, claim.instance_id)


def _build(claim: Claim, cancelled: Event, deadline: float) -> None:
    while documents := _some_missing(claim):
        for document in documents:
            try:
                _index(claim, document, cancelled, deadline)
            except _Changed:
                logger.info("document %s has changed", document.pk)
            _check_turn(cancelled, deadline)
    with tenant(claim.instance_id):
        is_large = needs_build(claim.instance_id, claim.index)
    if is_large:
        build(claim.instance_id, claim.index)
    with claimed(claim) as generation:
        if not missing_documents(claim.instance_id, claim.number).exists():
            generation.status = IndexGeneration.Status.BUILT
            generation.built_at = generation.built_at or timezone.now()
            generation.worker_seen_at = None
            generation.save(update_fields=["status", "built_at", "worker_seen_at"])


def _some_missing(claim: Claim) -> list[Document]:
    with tenant(claim.instance_id):
        missing = missing_documents(claim.instance_id, claim.number).select_related("instance")
        return list(missing.order_by("created_at", "pk")[:_DOCUMENTS_AT_ONCE])


def _check_turn(cancelled: Event, deadline: float) -> None:
    if cancelled.is_set():
        raise StaleClaim
    if monotonic() > deadline or next_in_turn(EMBED) is not None:
        raise _TurnEnded


def _index(claim: Claim, document: Document, cancelled: Event, deadline: float) -> None:
    """Cut, embed and publish a document; a failure of its own is recorded."""
    try:
        if not _is_cut(claim, document):
            passages, cpu_seconds = passages_of(document, claim.index, cancelled)
            if not passages:
                raise EmptyDocument("no passages")
            _save_passages(claim, document, passages, cpu_seconds)
        _embed(claim, document, cancelled, deadline)
    except (InferenceError, IngestionError) as error:
        if not _is_of_document(error):
            raise
        _save_failure(claim, document, error.code)
        return
    _publish(claim, document)


def _is_of_document(error: InferenceError | IngestionError) -> bool:
    """Whether it is the document that would fail again, not each of them."""
    if isinstance(error, BackendRejected) and error.status in _NO_SUCH_ADDRESS:
        return False
    return error.permanent and not isinstance(error, _OF_SERVER)


def _is_cut(claim: Claim, document: Document) -> bool:
    with tenant(claim.instance_id):
        chunks = Chunk.objects.for_instance(claim.instance_id)
        return chunks.filter(document=document, generation=claim.number).exists()


def _embed(claim: Claim, document: Document, cancelled: Event, deadline: float) -> None:
    client = EmbeddingClient.for_instance(
        claim.instance_id, claim.index.embedding_model, is_batch=True
    )
    attempt = Attempt.of(document)
    for number, batch in enumerate(
        writing.unembedded_batches(attempt, claim.number, EMBEDDING_BATCH)
    ):
        if number:
            _check_turn(cancelled, deadline)
        started = monotonic()
        texts = [embedding_text("", chunk.heading, chunk.text) for chunk in batch]
        embedded = client.embed_passages(texts, sensitivity=document.level)
        with claimed(claim) as generation:
            _lock(document)
            writing.write_vectors(claim.instance_id, batch, embedded)
            record_cost(
                generation,
                document,
                cpu_seconds=embedded.processor_seconds,
                n_passages=len(batch),
                model=claim.index.embedding_model,
            )
            requester = Requester(instance_id=claim.instance_id, user_id=generation.requested_by_id)
            request_id = request_id_of(generation, document)
            add_vectors(requester, request_id, claim.index.embedding_model, embedded, texts)
            claims.add_work(claim, seconds=monotonic() - started, n_chunks=len(batch))


def _save_passages(
    claim: Claim, document: Document, passages: Sequence[Passage], cpu_seconds: float
) -> None:
    chunks = writing.chunks_of(Attempt.of(document), passages, claim.number)
    with claimed(claim) as generation:
        _lock(document)
        Chunk.objects.bulk_create(chunks, _INSERT_BATCH)
        model = claim.index.embedding_model
        record_cost(generation, document, cpu_seconds=cpu_seconds, n_passages=0, model=model)
        claims.add_work(claim, seconds=cpu_seconds)


def _publish(claim: Claim, document: Document) -> None:
    with claimed(claim) as generation:
        statistics.make_searchable(_lock(document), claim.number)
        if generation.failures.pop(str(document.pk), None):
            generation.save(update_fields=["failures"])


def _save_failure(claim: Claim, document: Document, code: str) -> None:
    logger.warning("document %s is not in index %s: %s", document.pk, claim.number, code)
    with claimed(claim) as generation:
        _lock(document)
        Chunk.objects.for_instance(claim.instance_id).filter(
            document=document, generation=claim.number
        ).delete()
        generation.failures[str(document.pk)] = as_failure(document, code)
        generation.save(update_fields=["failures"])


def _lock(document: Document) -> Document:
    """Return the document, locked and as it was; raises _Changed."""
    found = (
        Document.with_attachments.for_instance(document.instance_id)
        .select_for_update()
        .filter(pk=document.pk, status=Document.Status.READY, attempt=document.attempt)
        .first()
    )
    if found is None:
        raise _Changed
    return found
