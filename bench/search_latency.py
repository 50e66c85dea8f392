"""Latency of a search in instances of several sizes: ``python bench/search_latency.py``.

Fills an instance with synthetic passages (words drawn from a Zipf law, embeddings drawn around
common themes), through the product's own indexing, then searches for one question after the other,
as one user would. Prints JSON; the instances are deleted afterwards. Needs the environment of
``./run`` (``./manage shell``'s) and, unless ``--no-embedding`` is given, its model server.
"""

import argparse
import json
import os
import sys
import time
from itertools import count
from pathlib import Path

import django
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")
django.setup()

# What follows needs Django's applications (E402).
from django.db import connection  # noqa: E402
from pgvector import HalfVector  # noqa: E402

from ingestion.indexing import statistics  # noqa: E402
from ingestion.models import Chunk, Document, stored_path  # noqa: E402
from instances.models import Instance, Organisation, Sensitivity  # noqa: E402
from instances.tenancy import tenant  # noqa: E402
from retrieval.search import search, search_embedded  # noqa: E402

DIMENSIONS = 384
VOCABULARY = 40_000
WORDS_A_PASSAGE = 110
PASSAGES_A_DOCUMENT = 500
THEMES = 200
_TABLES = ("shardlist", "indexshard", "chunk", "document", "corpusstatistics", "termstatistics")


class Corpus:
    """Synthetic passages and questions, the same at every run."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(7)
        ranks = np.arange(1, VOCABULARY + 1)
        self.law = (1 / ranks) / (1 / ranks).sum()
        self.themes = self.random.normal(size=(THEMES, DIMENSIONS))

    def text(self, n_words: int) -> str:
        return " ".join(f"mot{n}" for n in self.random.choice(VOCABULARY, n_words, p=self.law))

    def vectors(self, n: int) -> np.ndarray:
        themes = self.themes[self.random.integers(THEMES, size=n)]
        vectors = themes + 1.5 * self.random.normal(size=(n, DIMENSIONS)) + 4
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, nargs="+", default=[1_000, 10_000, 30_000])
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--no-embedding", action="store_true")
    options = parser.parse_args()
    organisation, _ = Organisation.objects.get_or_create(slug="bench", defaults={"name": "Bench"})
    for n_chunks in options.chunks:
        instance = Instance.objects.create(
            organisation=organisation, slug=f"bench-{time.time_ns()}", name="Bench"
        )
        try:
            corpus = Corpus()
            indexing_s = fill(instance, corpus, n_chunks)
            figures = {"chunks": n_chunks, "indexing_s": round(indexing_s, 1)}
            figures |= measure(instance, corpus, options)
            print(json.dumps(figures), flush=True)
        finally:
            empty(instance)


def fill(instance: Instance, corpus: Corpus, n_chunks: int) -> float:
    """Index the passages; return the seconds that indexing proper (terms, counters) took."""
    indexing_s = 0.0
    for start in range(0, n_chunks, PASSAGES_A_DOCUMENT):
        n = min(PASSAGES_A_DOCUMENT, n_chunks - start)
        with tenant(instance):
            document = Document(
                instance=instance, name=f"{start}.txt", media_type="text/plain", size_bytes=1,
                sha256=f"{instance.pk}-{start}", status=Document.Status.READY, chunks=n,
                # Else workers embed them anew (ingestion.recovery).
                embedding_model=instance.embedding_model_name,
            )  # fmt: skip
            # A row refers to its own file only; there is none.
            document.file.name = stored_path(document, document.name)
            document.save(force_insert=True)
            Chunk.objects.bulk_create(
                Chunk(
                    instance=instance, document=document, position=position, page_start=1,
                    page_end=1, char_start=0, char_end=1, token_count=WORDS_A_PASSAGE,
                    text=corpus.text(WORDS_A_PASSAGE), embedding=HalfVector(vector),
                )
                for position, vector in zip(count(), corpus.vectors(n))
            )  # fmt: skip
            began = time.perf_counter()
            statistics.make_searchable(document)
            indexing_s += time.perf_counter() - began
    return indexing_s


def measure(instance: Instance, corpus: Corpus, options: argparse.Namespace) -> dict[str, float]:
    """Milliseconds of a search, median and 95th percentile."""
    times_ms = []
    for vector in corpus.vectors(options.questions):
        question = corpus.text(8)
        began = time.perf_counter()
        with tenant(instance):
            if options.no_embedding:
                search_embedded(instance=instance, query=question, embedding=vector, limit=10)
            else:
                search(
                    instance=instance, query=question, top_k=10, sensitivity=Sensitivity.INTERNAL
                )
        times_ms.append(1000 * (time.perf_counter() - began))
    return {
        "p50_ms": round(float(np.percentile(times_ms, 50)), 1),
        "p95_ms": round(float(np.percentile(times_ms, 95)), 1),
    }


def empty(instance: Instance) -> None:
    """Delete the instance without loading its rows."""
    with tenant(instance), connection.cursor() as cursor:
        for table in _TABLES:
            cursor.execute(f"DELETE FROM ingestion_{table} WHERE instance_id = %s", [instance.pk])
    instance.delete()


if __name__ == "__main__":
    main()
