"""Measures the quality of retrieval on a set of questions with known answers.

A set is a folder in BEIR's layout (https://github.com/beir-cellar/beir): ``corpus.jsonl`` and
``queries.jsonl`` with one JSON object a line (``_id``, ``text``, and an optional ``title`` of a
corpus entry), ``qrels.tsv`` with a header and lines of query id, corpus id and gain. Each corpus
entry becomes one document of one passage. An entry too long for the model is split into several
passages, of which the best counts.
"""

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from ingestion.models import Document
from instances.models import Instance, Sensitivity
from instances.tenancy import tenant
from retrieval.evaluation_corpus import digest
from retrieval.search import search

# How many of the best documents the figures consider.
DEPTH = 10

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

    Raises FileNotFoundError or ValueError for any other folder.
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


def evaluate(instance: Instance, evaluation_set: EvaluationSet) -> Evaluation:
    """Search for every question, one after the other, and return the means."""
    ids = _entry_ids(instance, evaluation_set.corpus)
    rankings: dict[str, list[str]] = {}
    times_ms: list[float] = []
    level = Sensitivity(instance.sensitivity)
    n_relevant = 0
    for query_id, query in evaluation_set.queries.items():
        with tenant(instance):
            # Twice the depth, as an entry may be found by several of its passages.
            result = search(instance=instance, query=query, sensitivity=level, top_k=2 * DEPTH)
        found = dict.fromkeys(
            ids.get(document_id, str(document_id))
            for chunk in result.chunks
            for document_id in (chunk.document_id, *(copy.document_id for copy in chunk.copies))
        )
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


def _entry_ids(instance: Instance, corpus: Sequence[Mapping[str, Any]]) -> dict[UUID, str]:
    """Return the corpus id by document id, for the documents of this corpus."""
    entries = {digest(entry): entry["_id"] for entry in corpus}
    with tenant(instance):
        documents = Document.objects.for_instance(instance).filter(sha256__in=entries)
        return {pk: entries[sha] for pk, sha in documents.values_list("pk", "sha256")}


def _json_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)
