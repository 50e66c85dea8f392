"""From an uploaded file to passages that retrieval finds: the first straight line.

    upload → parse → chunk → embed → index

Parsing and embedding are two Celery tasks, so that one document is parsed while another is
embedded; ``ingest_document`` runs both in a row. Each stage works outside any transaction, then
writes its result in a short one (``ingestion.attempts``). Vectors are saved batch by batch, so a
worker killed in the middle loses one batch; nothing is visible to retrieval before the whole
document is.
"""

import logging
from pathlib import Path
from uuid import UUID

from django.conf import settings

from inference.embedding.client import EmbeddingClient
from inference.embedding.folder import prepared_folder
from ingestion.attempts import Attempt, StaleAttempt
from ingestion.chunking import embedding_text
from ingestion.models import Document
from ingestion.parsing.limits import ParseLimits
from ingestion.sandbox import parse_in_child

logger = logging.getLogger(__name__)

# Enough to fill the model server's batches, little enough to show progress and to lose.
EMBEDDING_BATCH = 64
# Some eight seconds of embedding on two cores: then another instance may have its turn.
BATCHES_A_TURN = 4

Status = Document.Status


def ingest_document(*, instance_id: int, document_id: UUID, attempt: int) -> None:
    """Run the whole line for one document, to ``ready`` or ``failed``.

    Raises a transient ``InferenceError`` or ``SandboxUnavailable`` when trying again later may
    succeed; the document then stays in its stage.
    """
    there_is_more = parse_document(
        instance_id=instance_id, document_id=document_id, attempt=attempt
    )
    while there_is_more:
        there_is_more = embed_document(
            instance_id=instance_id, document_id=document_id, attempt=attempt
        )


def parse_document(*, instance_id: int, document_id: UUID, attempt: int) -> bool:
    """Parse and chunk; return whether the document is now ready to be embedded."""
    work = Attempt(instance_id, document_id, attempt)
    try:
        document = work.claim((Status.QUEUED, Status.PARSING), Status.PARSING)
        with work.beating() as unwanted, work.failing():
            parsed = parse_in_child(
                Path(document.file.path),
                name=document.name,
                tokenizer_path=_tokenizer_path(),
                chunk_tokens=settings.CHUNK_TOKENS,
                limits=_limits(),
                is_cancelled=unwanted.is_set,
                require_protections=settings.SANDBOX_REQUIRED,
            )
            work.save_passages(parsed.document, parsed.passages)
            return True
    except StaleAttempt:
        logger.info("document %s: attempt %s is stale", document_id, attempt)
    return False


def embed_document(*, instance_id: int, document_id: UUID, attempt: int) -> bool:
    """Embed passages that have no vector yet, and make the document visible after the last.

    Returns whether there are more: a long document takes turns with the others (ingestion.turns),
    and with the reconciler, which the same workers run.
    """
    work = Attempt(instance_id, document_id, attempt)
    try:
        work.claim((Status.EMBEDDING,), Status.EMBEDDING)
        client = EmbeddingClient.for_instance(instance_id)
        with work.beating(), work.failing():
            for turn, batch in enumerate(work.unembedded_batches(EMBEDDING_BATCH)):
                if turn == BATCHES_A_TURN:
                    work.release()
                    return True
                # Without the document's title, which only words are searched with: decision 005.
                texts = [embedding_text("", chunk.heading, chunk.text) for chunk in batch]
                work.save_vectors(batch, client.embed_passages(texts))
            work.publish()
    except StaleAttempt:
        logger.info("document %s: attempt %s is stale", document_id, attempt)
    return False


def _tokenizer_path() -> Path | None:
    """The embedding model's tokenizer, when the model is on this machine."""
    path = prepared_folder(settings.MODELS_DIR, settings.EMBEDDING_MODEL) / "tokenizer.json"
    return path if path.exists() else None


def _limits() -> ParseLimits:
    return ParseLimits(
        max_pages=settings.PARSE_MAX_PAGES,
        max_text_chars=settings.PARSE_MAX_TEXT_CHARS,
        memory_bytes=settings.PARSE_MEMORY_BYTES,
        cpu_seconds=settings.PARSE_CPU_SECONDS,
    )
