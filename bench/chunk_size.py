"""How large passages should be: retrieval quality by chunk size, on documents made of eval sets.

    python bench/chunk_size.py EVAL_SET MODEL_FOLDER [--sizes 128,192,256] [--queries 1000]

The passages of one title are put together into one document, then cut again by
`ingestion.chunking`. A chunk answers a question if it overlaps the gold passage and, where the set
gives answer strings, contains one. Larger chunks hold more text, so besides hit@k the share of
questions answered within a fixed budget of context (1,500 tokens of best chunks) is reported.
Prints one JSON object a line. Dense, and fused as retrieval does (cosine / σ + 8 · BM25 / best).
"""

import argparse
import json
import os
import sys
import time
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")

import django

django.setup()

# What follows needs Django's applications (E402).
from inference.model_server.encoders import OpenVinoEncoder  # noqa: E402
from ingestion.chunking import TokenCounter, chunk_document, embedding_text  # noqa: E402
from ingestion.indexing import lexical  # noqa: E402
from ingestion.parsing.document import (  # noqa: E402
    Block,
    ParsedDocument,
    ParsedPage,
    block_starts,
)

CONTEXT_TOKENS = 1_500
BATCH = 16


def read_set(folder):
    """Return ({title: [(id, text)]}, [(question, answers, gold ids)])."""
    documents = defaultdict(list)
    for line in (folder / "corpus.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry["text"].strip():
            documents[entry["title"] or entry["_id"]].append((entry["_id"], entry["text"]))
    gold = defaultdict(set)
    for line in (folder / "qrels.tsv").read_text().splitlines()[1:]:
        query, passage, score = line.split("\t")
        if int(score) > 0:
            gold[query].add(passage)
    lines = map(json.loads, (folder / "queries.jsonl").read_text().splitlines())
    queries = [
        (line["text"], line.get("answers", []), gold[line["_id"]])
        for line in lines
        if gold[line["_id"]]
    ]
    return documents, queries


def chunk_set(documents, counter, chunk_tokens):
    """Return [(title, passage, ids of the corpus passages that it overlaps)]."""
    chunks = []
    for title, entries in documents.items():
        blocks = tuple(Block("paragraph", text) for _, text in entries)
        page = ParsedPage(1, "", blocks)
        parsed = ParsedDocument("text/plain", title, None, "section", (page,))
        starts = block_starts(page)
        spans = [
            (key, start, start + len(text))
            for (key, text), start in zip(entries, starts, strict=True)
        ]
        for passage in chunk_document(parsed, counter=counter, chunk_tokens=chunk_tokens):
            covered = {
                key
                for key, start, end in spans
                if start < passage.char_end and end > passage.char_start
            }
            chunks.append((title, passage, covered))
    return chunks


def embed(encoder, texts):
    """Return (n, dim) L2-normalised vectors, batches sorted by length."""
    entries = encoder.tokenize(texts)
    order = sorted(range(len(texts)), key=lambda i: entries[i].n_tokens)
    vectors = np.zeros((len(texts), encoder.dimensions), np.float32)
    for at in range(0, len(order), BATCH):
        rows = order[at : at + BATCH]
        vectors[rows] = encoder.encode([entries[i].payload for i in rows])
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def bm25_scores(chunks, queries, texts):
    """Return (n_queries, n_chunks) BM25, as a share of the best that each question could get."""
    weights = [lexical.passage_weights(lexical.analyse(text)) for text in texts]
    frequency = Counter(term for row in weights for term in row)
    postings = defaultdict(list)
    for number, row in enumerate(weights):
        for term, weight in row.items():
            postings[term].append((number, weight))
    scores = np.zeros((len(queries), len(chunks)), np.float32)
    for row, (question, _, _) in enumerate(queries):
        best = 0.0
        for term in lexical.analyse(question):
            value = lexical.idf(frequency[term], len(chunks))
            best += value * lexical.SATURATION
            for number, weight in postings[term]:
                scores[row, number] += value * weight
        scores[row] /= best or 1.0
    return scores


def folded(text):
    return " ".join(unicodedata.normalize("NFKD", text).casefold().split())


def figures(chunks, queries, scores):
    """Return hit@1, hit@5 and the share answered within CONTEXT_TOKENS."""
    texts = [folded(passage.text) for _, passage, _ in chunks]
    hits = Counter()
    for row, (_, answers, gold) in enumerate(queries):
        wanted = [folded(answer) for answer in answers]
        tokens = 0
        for rank, number in enumerate(np.argsort(-scores[row])[:60]):
            _, passage, covered = chunks[number]
            tokens += passage.token_count
            right = covered & gold and (
                not wanted or any(answer in texts[number] for answer in wanted)
            )
            if right:
                hits["hit@1"] += rank < 1
                hits["hit@5"] += rank < 5
                hits["in_context"] += tokens <= CONTEXT_TOKENS
                break
    return {name: round(hits[name] / len(queries), 4) for name in ("hit@1", "hit@5", "in_context")}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("eval_set", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--sizes", default="96,128,192,256,320,384,480")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--without-title", action="store_true")
    options = parser.parse_args()
    documents, queries = read_set(options.eval_set)
    step = max(1, len(queries) // options.queries)
    queries = queries[::step]
    counter = TokenCounter(options.model / "tokenizer.json")
    encoder = OpenVinoEncoder(options.model, threads=2)
    questions = embed(encoder, [f"query: {question}" for question, _, _ in queries])
    for size in map(int, options.sizes.split(",")):
        chunks = chunk_set(documents, counter, size)
        texts = [
            embedding_text("" if options.without_title else title, passage.heading, passage.text)
            for title, passage, _ in chunks
        ]
        started = time.perf_counter()
        vectors = embed(encoder, [f"passage: {text}" for text in texts])
        seconds = time.perf_counter() - started
        cosines = questions @ vectors.T
        fused = cosines / cosines.std() + 8 * bm25_scores(chunks, queries, texts)
        print(
            json.dumps(
                {
                    "set": options.eval_set.name,
                    "title": not options.without_title,
                    "chunk_tokens": size,
                    "chunks": len(chunks),
                    "mean_tokens": round(sum(c[1].token_count for c in chunks) / len(chunks)),
                    "embedding_s": round(seconds, 1),
                    "dense": figures(chunks, queries, cosines),
                    "fused": figures(chunks, queries, fused),
                }
            ),
            flush=True,
        )


if __name__ == "__main__":
    main()
