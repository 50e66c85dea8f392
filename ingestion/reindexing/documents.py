"""The documents that an index lacks, and their passages.

A document is read again from its file, as after its upload; what OCR has read is used again. If it
cannot be read again (a recording would be transcribed anew), or its text is not what is stored (a
parser has changed since), it is cut from the stored text: pages and the offsets of past citations
remain valid.
"""

import logging
from collections.abc import Iterable, Sequence
from threading import Event
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from inference.embedding.folder import prepared_folder
from inference.embedding.offered import offered_embedding
from ingestion.chunking import TokenCounter, chunk_document
from ingestion.errors import IngestionError
from ingestion.indexing.generations import SearchIndex
from ingestion.models import SEARCHABLE, Chunk, Document, DocumentPage, IndexGeneration
from ingestion.parsing.document import (
    Block,
    ParsedDocument,
    ParsedPage,
    Passage,
    Unit,
    page_text,
)
from ingestion.pipeline import parsed_file
from ingestion.recognition import pages
from instances.tenancy import tenant

logger = logging.getLogger(__name__)


def missing_documents(instance_id: int, number: int) -> QuerySet[Document]:
    """Return the ready documents that are not in an index, without those that have failed."""
    published = Chunk.objects.for_instance(instance_id).filter(
        SEARCHABLE, document=OuterRef("pk"), generation=number
    )
    ready: QuerySet[Document] = Document.with_attachments.for_instance(instance_id).filter(
        status=Document.Status.READY
    )
    return ready.exclude(Exists(published)).exclude(pk__in=list(failures_in(instance_id, number)))


def failures_in(instance_id: int, number: int) -> dict[UUID, str]:
    """Return the ready documents that could not be prepared for an index: codes of errors by id.

    A failure counts as long as the document has the attempt and the level with which it was tried.
    """
    found = IndexGeneration.objects.for_instance(instance_id).filter(number=number)
    failures = found.values_list("failures", flat=True).first() or {}
    documents = Document.with_attachments.for_instance(instance_id).filter(
        pk__in=list(failures), status=Document.Status.READY
    )
    codes = {}
    for document in documents.select_related("instance"):
        failure = failures[str(document.pk)]
        if failure == as_failure(document, failure["code"]):
            codes[document.pk] = str(failure["code"])
    return codes


def as_failure(document: Document, code: str) -> dict[str, Any]:
    """Return what ``IndexGeneration.failures`` holds of a document, under its id."""
    return {"code": code, "attempt": document.attempt, "level": document.level.value}


def passages_of(
    document: Document, index: SearchIndex, cancelled: Event
) -> tuple[tuple[Passage, ...], float]:
    """Return the passages of a document for an index, and the processor seconds that it took.

    Raises ``IngestionError`` when nothing is at fault in the file.
    """
    with tenant(document.instance_id):
        stored = list(
            DocumentPage.objects.for_instance(document.instance_id)
            .filter(document=document)
            .order_by("number")
        )
        read = pages.recognised_in(document)
    try:
        parsed = parsed_file(document, index, cancelled, recognised=read)
    except IngestionError as error:
        if not error.permanent or cancelled.is_set():
            raise
        logger.info("document %s is cut from its stored text: %s", document.pk, error.code)
        return _cut_stored(document, stored, index), 0.0
    if _is_same_text(stored, parsed.document.pages):
        return parsed.passages, parsed.cpu_seconds
    return _cut_stored(document, stored, index), parsed.cpu_seconds


def _is_same_text(stored: Sequence[DocumentPage], parsed: Iterable[ParsedPage]) -> bool:
    return [(page.number, page.text) for page in stored] == [
        (page.number, page_text(page)) for page in parsed
    ]


def _cut_stored(
    document: Document, stored: Sequence[DocumentPage], index: SearchIndex
) -> tuple[Passage, ...]:
    """Cut the stored text of a document, between its paragraphs."""
    model = offered_embedding(index.embedding_model).model
    tokenizer = prepared_folder(settings.MODELS_DIR, model) / "tokenizer.json"
    parsed = ParsedDocument(
        media_type=document.media_type,
        title=document.title or None,
        language=document.language or None,
        unit=cast(Unit, document.unit),
        pages=tuple(
            ParsedPage(
                page.number,
                page.label,
                tuple(Block("paragraph", part) for part in page.text.split("\n\n")),
            )
            for page in stored
        ),
    )
    counter = TokenCounter(tokenizer if tokenizer.exists() else None)
    return chunk_document(
        parsed, name=document.name, counter=counter, chunk_tokens=index.chunk_tokens
    )
