"""How well retrieval finds what it should, on a set of questions with known answers.

A set is a folder in BEIR's layout (https://github.com/beir-cellar/beir): ``corpus.jsonl`` and
``queries.jsonl`` with a JSON object a line (``_id``, ``text``, and ``title`` of a corpus entry if
it has one), ``qrels.tsv`` with a header and lines of query id, corpus id and gain. Each corpus
entry becomes one document of one passage; only one too long for the model becomes several, and
then counts by its best.
"""

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.core.files.base import ContentFile
from numpy.typing import NDArray
from pgvector import HalfVector

from inference.embedding.client import EmbeddingClient
from inference.embedding.folder import prepared_folder
from ingestion import statistics
from ingestion.chunking import TokenCounter, chunk_document, embedding_text
from ingestion.models import Chunk, Document, DocumentPage
from ingestion.parsing.document import Block, ParsedDocument, ParsedPage, Passage
from instances.models import Instance
from instances.tenancy import tenant
from retrieval.search import search

# Ranked documents that the figures look at.
DEPTH = 10
_BATCH = 64
_MEDIA_TYPE = "text/plain"
# What the default model reads at once, less its prefix and special tokens.
_WHOLE_PASSAGE_TOKENS = 500

Gains = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class EvaluationSet:
    """A corpus and its questions: texts by id, and the gain of corpus entries by question."""

    corpus: Sequence[Mapping[str, Any]]
    queries: Mapping[str, str]
    gains: Gains


@dataclass(frozen=True)
class Evaluation:
    """Means over the questions; times in milliseconds."""

    questions: int
    hit_at_1: float
    hit_at_5: float
    ndcg_at_10: float
    relevant_share: float
    median_ms: float
    p95_ms: float


def read_set(folder: Path) -> EvaluationSet:
    """Read a folder in BEIR's layout; questions without a gain are left out.

    Raises FileNotFoundError or ValueError when it is not one.
    """
    gains: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query_id, entry_id, gain = line.split("\t")
        if int(gain) > 0:
            gains[query_id][entry_id] = int(gain)
    queries = {query["_id"]: query["text"] for query in _json_lines(folder / "queries.jsonl")}
    return EvaluationSet(
        corpus=list(_json_lines(folder / "corpus.jsonl")),
        queries={query_id: queries[query_id] for query_id in gains},
        gains=gains,
    )


def index_corpus(instance: Instance, corpus: Sequence[Mapping[str, Any]]) -> int:
    """Index the entries that the instance does not have yet; return how many those were."""
    with tenant(instance):
        known = set(
            Document.objects.for_instance(instance)
            .filter(status=Document.Status.READY)
            .values_list("sha256", flat=True)
        )
    missing = iter([entry for entry in corpus if _digest(entry) not in known])
    n_indexed = 0
    while batch := list(islice(missing, _BATCH)):
        _index(instance, batch)
        n_indexed += len(batch)
    return n_indexed


def evaluate(instance: Instance, evaluation_set: EvaluationSet) -> Evaluation:
    """Ask every question of the indexed corpus, one after the other, and take the means."""
    ids = _entry_ids(instance, evaluation_set.corpus)
    rankings: dict[str, list[str]] = {}
    times_ms: list[float] = []
    n_relevant = 0
    for query_id, query in evaluation_set.queries.items():
        with tenant(instance):
            # Twice the depth, as entries of several passages may come more than once.
            result = search(instance=instance, query=query, top_k=2 * DEPTH)
        found = dict.fromkeys(ids.get(str(chunk.document_id), "") for chunk in result.chunks)
        rankings[query_id] = list(found)[:DEPTH]
        times_ms.append(result.timing.total_ms)
        n_relevant += result.relevant
    hits_1, hits_5, ndcgs = zip(
        *(_figures(rankings[query_id], gains) for query_id, gains in evaluation_set.gains.items()),
        strict=True,
    )
    return Evaluation(
        questions=len(rankings),
        hit_at_1=float(np.mean(hits_1)),
        hit_at_5=float(np.mean(hits_5)),
        ndcg_at_10=float(np.mean(ndcgs)),
        relevant_share=n_relevant / len(rankings),
        median_ms=float(np.median(times_ms)),
        p95_ms=float(np.percentile(times_ms, 95)),
    )


def _figures(ranking: Sequence[str], gains: Mapping[str, int]) -> tuple[bool, bool, float]:
    """hit@1, hit@5 and nDCG@10 (Järvelin & Kekäläinen, 2002) of one question."""
    found = [gains.get(entry_id, 0) for entry_id in ranking]
    best = sorted(gains.values(), reverse=True)[:DEPTH]
    return any(found[:1]), any(found[:5]), _dcg(found) / _dcg(best)


def _dcg(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains))


def _index(instance: Instance, entries: Sequence[Mapping[str, Any]]) -> None:
    """Embed and index a batch of corpus entries."""
    counter = _token_counter()
    passages = [_passages(entry, counter) for entry in entries]
    texts = [embedding_text("", p.heading, p.text) for found in passages for p in found]
    vectors = iter(EmbeddingClient.from_settings().embed_passages(texts))
    with tenant(instance):
        for entry, found in zip(entries, passages, strict=True):
            _store(instance, entry, [(passage, next(vectors)) for passage in found])


def _passages(entry: Mapping[str, Any], counter: TokenCounter) -> tuple[Passage, ...]:
    """One passage, or those of the product's own splitter if the model cannot read it at once."""
    text = entry["text"]
    n_tokens = counter.count(text)
    if n_tokens <= _WHOLE_PASSAGE_TOKENS:
        return (Passage(0, text, "", 1, 1, 0, len(text), n_tokens),)
    page = ParsedPage(1, "", (Block("paragraph", text),))
    parsed = ParsedDocument(_MEDIA_TYPE, _title(entry), None, "page", (page,))
    return chunk_document(parsed, counter=counter, chunk_tokens=_WHOLE_PASSAGE_TOKENS)


def _token_counter() -> TokenCounter:
    tokenizer = prepared_folder(settings.MODELS_DIR, settings.EMBEDDING_MODEL) / "tokenizer.json"
    return TokenCounter(tokenizer if tokenizer.exists() else None)


def _store(
    instance: Instance,
    entry: Mapping[str, Any],
    passages: Sequence[tuple[Passage, NDArray[np.float32]]],
) -> None:
    text = entry["text"]
    document = Document(
        instance=instance,
        name=f"{entry['_id']}.txt"[:255],
        title=_title(entry),
        media_type=_MEDIA_TYPE,
        size_bytes=len(text.encode()),
        sha256=_digest(entry),
        status=Document.Status.READY,
        pages=1,
        chunks=len(passages),
        embedded_chunks=len(passages),
        embedding_model=settings.EMBEDDING_MODEL,
    )
    document.file.save(document.name, ContentFile(text.encode()), save=False)
    document.save(force_insert=True)
    DocumentPage.objects.create(instance=instance, document=document, number=1, text=text)
    Chunk.objects.bulk_create(
        Chunk(
            instance=instance,
            document=document,
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


def _title(entry: Mapping[str, Any]) -> str:
    return str(entry.get("title", "")).replace("_", " ")[:500]


def _entry_ids(instance: Instance, corpus: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Corpus id by document id, for the entries of this corpus (the instance may hold others)."""
    entries = {_digest(entry): entry["_id"] for entry in corpus}
    with tenant(instance):
        documents = Document.objects.for_instance(instance).filter(sha256__in=entries)
        return {str(pk): entries[sha] for pk, sha in documents.values_list("pk", "sha256")}


def _digest(entry: Mapping[str, Any]) -> str:
    """SHA-256 of an entry, its id included: two entries of one text are two documents."""
    return hashlib.sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest()


def _json_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)
