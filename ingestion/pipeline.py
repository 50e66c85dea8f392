"""From an uploaded file to passages that retrieval finds.

    upload → parse (→ OCR → parse) → chunk → embed → index
           → transcribe → parse    (recordings)

``STAGES`` says which stage comes next for a document, by its status. ``run_stage`` runs it: Celery
tasks call it for the document whose turn it is, so that one document is parsed while another is
embedded; ``ingest_document`` calls it until the document is ready or has failed.

Each stage works outside any transaction, then writes its result in a short one
(``ingestion.indexing.writing``). Vectors are saved batch by batch, so a worker killed in the middle
loses one batch; nothing is visible to retrieval before the whole document is.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import IO, Any

from django.conf import settings

from inference.embedding.client import EmbeddingClient
from inference.embedding.folder import prepared_folder
from inference.embedding.offered import offered_embedding
from inference.errors import InferenceError
from ingestion import storage
from ingestion.attempts import transitions
from ingestion.attempts.document_trace import traced, traced_embedding
from ingestion.attempts.heartbeat import heartbeat
from ingestion.attempts.locking import Attempt, StaleAttempt
from ingestion.chunking import embedding_text
from ingestion.errors import (
    DocumentError,
    ImageOnlyDocument,
    IngestionError,
    NoSpeech,
    error_for_code,
)
from ingestion.indexing import writing
from ingestion.indexing.generations import SearchIndex, read_active_index
from ingestion.models import Document
from ingestion.parse_warnings import merged_warnings
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.media_types import ARCHIVES, RECORDINGS
from ingestion.parsing.recognised import RecognisedPage
from ingestion.recognition import pages
from ingestion.recognition.reading import available_ocr, read_scans
from ingestion.sandbox import ParsedFile, parse_in_child
from ingestion.storing.archives import unpack_archive
from ingestion.storing.attachments import store_attachments
from ingestion.transcription.parts import transcript_of
from ingestion.transcription.transcribing import transcribe_recording
from instances.tenancy import tenant

logger = logging.getLogger(__name__)

# Large enough to fill the batches of the model server, small enough to show progress.
EMBEDDING_BATCH = 64
# About eight seconds of embedding on two cores; then another instance may have its turn.
BATCHES_A_TURN = 4
_TRANSCRIPT_NAME = "transcript.vtt"

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
                spent = error.cpu_seconds if isinstance(error, DocumentError) else 0.0
                transitions.fail(attempt, error.code, cpu_seconds=spent)
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
    if document.media_type in RECORDINGS:
        return _parse_recording(attempt, document, cancelled)
    ocr = available_ocr()
    index = _active_index(attempt)
    with traced(attempt, "parse") as step:
        if ocr is None or not pages.has_begun(attempt, ocr.method):
            parsed = parsed_file(document, index, cancelled, before_ocr=ocr is not None)
            if parsed.document.is_cover:
                return unpack_archive(attempt, document, cancelled)
            if ocr is None or not parsed.document.scanned:
                step.chunking_seconds = parsed.chunking_seconds
                return _with_passages(attempt, document, parsed, index, cancelled)
            scanned = parsed.document.scanned
            pages.begin(attempt, scanned, ocr.method, cpu_seconds=parsed.cpu_seconds)
        if not read_scans(attempt, document, ocr, cancelled):
            transitions.release(attempt)
            return Status.PARSING
        try:
            read = pages.recognised(attempt)
            parsed = parsed_file(document, index, cancelled, recognised=read)
        except ImageOnlyDocument as error:
            code = pages.first_error(attempt)
            raise (error_for_code(code)("on a page") if code else error) from error
        step.chunking_seconds = parsed.chunking_seconds
    return _with_passages(attempt, document, parsed, index, cancelled)


def _with_passages(
    attempt: Attempt, document: Document, parsed: ParsedFile, index: SearchIndex, cancelled: Event
) -> Status:
    """Store the files attached to a parsed document, then its pages and passages."""
    own = store_attachments(attempt, document, parsed.document, cancelled)
    return writing.replace_passages(attempt, replace(parsed, document=own), index)


def _active_index(attempt: Attempt) -> SearchIndex:
    with tenant(attempt.instance_id):
        return read_active_index(attempt.instance_id)


def _parse_recording(attempt: Attempt, document: Document, cancelled: Event) -> Status:
    """Transcribe some of a recording; then cut what is said into passages, as subtitles are."""
    with traced(attempt, "transcribe"):
        is_whole = transcribe_recording(attempt, document, cancelled)
    if not is_whole:
        transitions.release(attempt)
        return Status.PARSING
    index = _active_index(attempt)
    with traced(attempt, "parse") as step:
        parsed = parsed_file(document, index, cancelled)
        step.chunking_seconds = parsed.chunking_seconds
    return writing.replace_passages(attempt, parsed, index)


def parsed_file(document: Document, index: SearchIndex, cancelled: Event, **ocr: Any) -> ParsedFile:
    """Parse a document in a child process, and cut it into the passages of an index; of a
    recording, what is transcribed.

    Raises ``IngestionError``.
    """
    if document.media_type not in RECORDINGS:
        with storage.opened(document.file) as content:
            return _parsed(content, document.name, index, cancelled, **ocr)
    with tenant(document.instance_id):
        transcript = transcript_of(document)
    if not transcript.said:
        raise NoSpeech("no segment has words")
    captions = BytesIO(transcript.as_vtt().encode())
    parsed = _parsed(captions, _TRANSCRIPT_NAME, index, cancelled)
    warnings = merged_warnings([*parsed.document.warnings, *transcript.warnings()])
    return replace(parsed, document=replace(parsed.document, warnings=warnings))


def _parsed(
    content: IO[bytes],
    name: str,
    index: SearchIndex,
    cancelled: Event,
    *,
    recognised: tuple[RecognisedPage, ...] = (),
    before_ocr: bool = False,
) -> ParsedFile:
    return parse_in_child(
        content,
        name=name,
        tokenizer_path=_tokenizer_path(index.embedding_model),
        chunk_tokens=index.chunk_tokens,
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
    index = _active_index(attempt)
    if document.index_generation != index.generation:
        return writing.requeue(attempt)
    client = EmbeddingClient.for_instance(attempt.instance_id, index.embedding_model)
    with traced_embedding(attempt, index.embedding_model):
        if document.version > 1 and not document.embedded_chunks:
            writing.copy_vectors(attempt)
        batches = writing.unembedded_batches(attempt, index.generation, EMBEDDING_BATCH)
        for number, batch in enumerate(batches):
            if number == BATCHES_A_TURN:
                transitions.release(attempt)
                return Status.EMBEDDING
            # Without the document's title, which only lexical search uses: decision 005.
            texts = [embedding_text("", chunk.heading, chunk.text) for chunk in batch]
            embedded = client.embed_passages(texts, sensitivity=document.level)
            writing.save_vectors(attempt, batch, embedded)
    with traced(attempt, "index"):
        return writing.publish(attempt, index)


STAGES: dict[Status, Callable[[Attempt, Document, Event], Status]] = {
    Status.QUEUED: parse_document,
    Status.PARSING: parse_document,
    Status.EMBEDDING: embed_document,
}


def _tokenizer_path(embedding_model: str) -> Path | None:
    """Return the embedding model's tokenizer, or None if the model is not on this machine."""
    model = offered_embedding(embedding_model).model
    path = prepared_folder(settings.MODELS_DIR, model) / "tokenizer.json"
    return path if path.exists() else None


def _limits() -> ParseLimits:
    return ParseLimits(
        max_pages=settings.PARSE_MAX_PAGES,
        max_text_chars=settings.PARSE_MAX_TEXT_CHARS,
        memory_bytes=settings.PARSE_MEMORY_BYTES,
        cpu_seconds=settings.PARSE_CPU_SECONDS,
    )
