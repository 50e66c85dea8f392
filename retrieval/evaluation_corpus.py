"""Indexes a corpus into an instance for its evaluation (``retrieval.evaluation``)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from django.conf import settings
from django.core.files.base import ContentFile
from numpy.typing import NDArray
from pgvector import HalfVector

from inference.embedding.client import EmbeddingClient
from inference.embedding.folder import prepared_folder
from inference.embedding.offered import offered_embedding
from ingestion.chunking import TokenCounter, chunk_document, embedding_text
from ingestion.indexing import statistics
from ingestion.indexing.generations import SearchIndex, active_index
from ingestion.models import Chunk, Document, DocumentPage
from ingestion.parsing.document import Block, ParsedDocument, ParsedPage, Passage
from instances.models import Instance, Sensitivity
from instances.tenancy import tenant

_BATCH = 64
_MEDIA_TYPE = "text/plain"
# The context of the default model, without its prefix and special tokens.
_WHOLE_PASSAGE_TOKENS = 500

Entry = Mapping[str, Any]


def index_corpus(instance: Instance, corpus: Sequence[Entry]) -> int:
    """Index the entries that are not in the instance yet; return how many."""
    with tenant(instance):
        known = set(
            Document.objects.for_instance(instance)
            .filter(status=Document.Status.READY)
            .values_list("sha256", flat=True)
        )
    missing = [entry for entry in corpus if digest(entry) not in known]
    for start in range(0, len(missing), _BATCH):
        _index(instance, missing[start : start + _BATCH])
    return len(missing)


def digest(entry: Entry) -> str:
    """Return the SHA-256 of an entry with its id: entries of equal text are two documents."""
    return hashlib.sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest()


def _index(instance: Instance, entries: Sequence[Entry]) -> None:
    """Embed and index a batch of corpus entries."""
    index = active_index(instance)
    counter = _token_counter(index)
    passages = [_passages(entry, counter) for entry in entries]
    texts = [embedding_text("", p.heading, p.text) for found in passages for p in found]
    level = Sensitivity(instance.sensitivity)
    embedded = EmbeddingClient.for_instance(instance.pk, index.embedding_model).embed_passages(
        texts, sensitivity=level
    )
    vectors = iter(embedded.vectors)
    with tenant(instance):
        for entry, found in zip(entries, passages, strict=True):
            _store(instance, index, entry, [(passage, next(vectors)) for passage in found])


def _passages(entry: Entry, counter: TokenCounter) -> tuple[Passage, ...]:
    """Return the entry as one passage, or split if it is too long for the model."""
    text = entry["text"]
    n_tokens = counter.count(text)
    if n_tokens <= _WHOLE_PASSAGE_TOKENS:
        return (Passage(0, text, "", 1, 1, 0, len(text), n_tokens),)
    page = ParsedPage(1, "", (Block("paragraph", text),))
    parsed = ParsedDocument(_MEDIA_TYPE, _title(entry), None, "page", (page,))
    return chunk_document(parsed, counter=counter, chunk_tokens=_WHOLE_PASSAGE_TOKENS)


def _token_counter(index: SearchIndex) -> TokenCounter:
    model = offered_embedding(index.embedding_model).model
    tokenizer = prepared_folder(settings.MODELS_DIR, model) / "tokenizer.json"
    return TokenCounter(tokenizer if tokenizer.exists() else None)


def _store(
    instance: Instance,
    index: SearchIndex,
    entry: Entry,
    passages: Sequence[tuple[Passage, NDArray[np.float32]]],
) -> None:
    text = entry["text"]
    document = Document(
        instance=instance,
        name=f"{entry['_id']}.txt"[:255],
        title=_title(entry),
        media_type=_MEDIA_TYPE,
        size_bytes=len(text.encode()),
        sha256=digest(entry),
        status=Document.Status.READY,
        pages=1,
        chunks=len(passages),
        embedded_chunks=len(passages),
        embedding_model=index.embedding_model,
        index_generation=index.generation,
    )
    document.file.save(document.name, ContentFile(text.encode()), save=False)
    document.save(force_insert=True)
    DocumentPage.objects.create(instance=instance, document=document, number=1, text=text)
    Chunk.objects.bulk_create(
        Chunk(
            instance=instance,
            document=document,
            generation=index.generation,
            position=passage.position,
            text=passage.text,
            heading=passage.heading,
            page_start=1,
            page_end=1,
            char_start=passage.char_start,
            char_end=passage.char_end,
            token_count=passage.token_count,
            embedding=HalfVector(vector),
        )
        for passage, vector in passages
    )
    statistics.make_searchable(document)


def _title(entry: Entry) -> str:
    return str(entry.get("title", "")).replace("_", " ")[:500]
