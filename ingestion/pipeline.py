"""From an uploaded file to passages that retrieval finds.

    upload → parse (→ OCR → parse) → chunk → embed → index

``STAGES`` says which stage comes next for a document, by its status. ``run_stage`` runs it: Celery
tasks call it for the document whose turn it is, so that one document is parsed while another is
embedded; ``ingest_document`` calls it until the document is ready or has failed.

Each stage works outside any transaction, then writes its result in a short one
(``ingestion.indexing.writing``). Vectors are saved batch by batch, so a worker killed in the middle
loses one batch; nothing is visible to retrieval before the whole document is.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from threading import Event

from django.conf import settings

from inference.embedding.client import EmbeddingClient
from inference.embedding.folder import prepared_folder
from inference.errors import InferenceError
from ingestion import storage
from ingestion.attempts import transitions
from ingestion.attempts.document_trace import traced, traced_embedding
from ingestion.attempts.heartbeat import heartbeat
from ingestion.attempts.locking import Attempt, StaleAttempt
from ingestion.chunking import embedding_text
from ingestion.errors import ImageOnlyDocument, IngestionError, error_for_code
from ingestion.indexing import writing
from ingestion.models import Document
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.media_types import ARCHIVES
from ingestion.parsing.recognised import RecognisedPage
from ingestion.recognition import pages
from ingestion.recognition.reading import available_ocr, read_scans
from ingestion.sandbox import ParsedFile, parse_in_child
from ingestion.storing.archives import unpack_archive

logger = logging.getLogger(__name__)

# Large enough to fill the batches of the model server, small enough to show progress.
EMBEDDING_BATCH = 64
# About eight seconds of embedding on two cores; then another instance may have its turn.
BATCHES_A_TURN = 4

Status = Document.Status


def ingest_document(attempt: Attempt) -> Status | None:
    """Run every stage of a document and return its last status; raises as ``run_stage`` does."""
    status = run_stage(attempt)
    while status in STAGES:
        status = run_stage(attempt)
    return status


def run_stage(attempt: Attempt) -> Status | None:
    """Run the stage for the document's status and return its new status.

    Returns None, and changes nothing, if the attempt is not current or the document is finished. A
    permanent error marks the document as failed. Raises a transient ``InferenceError`` or
    ``SandboxUnavailable`` if a retry may succeed; the document stays in its stage.
    """
    try:
        document = transitions.claim(attempt)
        with heartbeat(attempt) as cancelled:
            try:
                return STAGES[Status(document.status)](attempt, document, cancelled)
            except (IngestionError, InferenceError) as error:
                if not error.permanent:
                    raise
                transitions.fail(attempt, error.code)
                return Status.FAILED
    except StaleAttempt:
        logger.info("document %s: attempt %s is stale", attempt.document_id, attempt.number)
    return None


def parse_document(attempt: Attempt, document: Document, cancelled: Event) -> Status:
    """Parse the file and cut it into passages, in child processes; or unpack some of an archive.

    A document with pages that are images is parsed once to find them, then they are read by OCR, in
    turns with other documents, then it is parsed with their text.
    """
    if document.media_type in ARCHIVES:
        with traced(attempt, "unpack"):
            return unpack_archive(attempt, document, cancelled)
    ocr = available_ocr()
    with traced(attempt, "parse") as step:
        if ocr is None or not pages.has_begun(attempt, ocr.method):
            parsed = _parsed(document, cancelled, before_ocr=ocr is not None)
            if ocr is None or not parsed.document.scanned:
                step.chunking_seconds = parsed.chunking_seconds
                return writing.replace_passages(attempt, parsed)
            scanned = parsed.document.scanned
            pages.begin(attempt, scanned, ocr.method, cpu_seconds=parsed.cpu_seconds)
        if not read_scans(attempt, document, ocr, cancelled):
            transitions.release(attempt)
            return Status.PARSING
        try:
            parsed = _parsed(document, cancelled, recognised=pages.recognised(attempt))
        except ImageOnlyDocument as error:
            code = pages.first_error(attempt)
            raise (error_for_code(code)("on a page") if code else error) from error
        step.chunking_seconds = parsed.chunking_seconds
    return writing.replace_passages(attempt, parsed)


def _parsed(
    document: Document,
    cancelled: Event,
    *,
    recognised: tuple[RecognisedPage, ...] = (),
    before_ocr: bool = False,
) -> ParsedFile:
    with storage.opened(document.file) as content:
        return parse_in_child(
            content,
            name=document.name,
            tokenizer_path=_tokenizer_path(),
            chunk_tokens=settings.CHUNK_TOKENS,
            limits=_limits(),
            recognised=recognised,
            before_ocr=before_ocr,
            is_cancelled=cancelled.is_set,
            require_protections=settings.SANDBOX_REQUIRED,
        )


def embed_document(attempt: Attempt, document: Document, cancelled: Event) -> Status:
    """Embed passages without a vector; publish the document after the last one.

    A long document is released before its end, so that other documents (``ingestion.turns``) and
    the reconciler, which runs in the same workers, get their turn.
    """
    client = EmbeddingClient.for_instance(attempt.instance_id)
    with traced_embedding(attempt):
        for number, batch in enumerate(writing.unembedded_batches(attempt, EMBEDDING_BATCH)):
            if number == BATCHES_A_TURN:
                transitions.release(attempt)
                return Status.EMBEDDING
            # Without the document's title, which only lexical search uses: decision 005.
            texts = [embedding_text("", chunk.heading, chunk.text) for chunk in batch]
            embedded = client.embed_passages(texts, sensitivity=document.level)
            writing.save_vectors(attempt, batch, embedded)
    with traced(attempt, "index"):
        return writing.publish(attempt)


STAGES: dict[Status, Callable[[Attempt, Document, Event], Status]] = {
    Status.QUEUED: parse_document,
    Status.PARSING: parse_document,
    Status.EMBEDDING: embed_document,
}


def _tokenizer_path() -> Path | None:
    """Return the embedding model's tokenizer, or None if the model is not on this machine."""
    path = prepared_folder(settings.MODELS_DIR, settings.EMBEDDING_MODEL) / "tokenizer.json"
    return path if path.exists() else None


def _limits() -> ParseLimits:
    return ParseLimits(
        max_pages=settings.PARSE_MAX_PAGES,
        max_text_chars=settings.PARSE_MAX_TEXT_CHARS,
        memory_bytes=settings.PARSE_MEMORY_BYTES,
        cpu_seconds=settings.PARSE_CPU_SECONDS,
    )
