"""Asks the questions of the corpora in memory, with the functions of the product."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bench.trust.memory import MemoryIndex, Text, passages_of
from bench.trust.sets import Corpus, GoldQuestion, beir_questions, foreign_questions, json_lines
from inference.embedding.client import EmbeddingClient
from inference.embedding.folder import DEFAULT_MODEL
from ingestion.chunking import TokenCounter, embedding_text
from instances.models import Sensitivity
from retrieval.evidence.decision import answer_probability
from retrieval.evidence.features import Features, TranslatedFeatures
from retrieval.evidence.questions import read_question
from retrieval.relevance import passage_features
from retrieval.results import RetrievedChunk

Label = Literal["answerable", "same_subject", "foreign", "article_removed"]
_GENERAL = Path(__file__).parent / "general.toml"
# The model refuses longer passages; those of BEIR sets are not cut as ingestion would.
_MAX_CHARS = 1200


@dataclass(frozen=True)
class Asked:
    """A question asked of a corpus: its best passages with their features, best first."""

    corpus: str
    half: str
    language: str
    label: Label
    text: str
    gold: GoldQuestion | None
    chunks: tuple[RetrievedChunk, ...]
    features: tuple[Features | TranslatedFeatures, ...]

    @property
    def relevance(self) -> float:
        """The relevance of the passage that decides."""
        return max(map(answer_probability, self.features))


def ask_corpora(
    corpora: Sequence[Corpus], client: EmbeddingClient, counter: TokenCounter
) -> Iterator[Asked]:
    """Yield the questions of each corpus, those that it answers first."""
    general = tomllib.loads(_GENERAL.read_text(encoding="utf-8"))
    for corpus in corpora:
        texts = [
            passage
            for name, content in corpus.documents
            for passage in passages_of(name, content, counter)
        ]
        index = index_of(texts, client)
        questions: list[tuple[Label, str, GoldQuestion | None]] = [
            *(("answerable", each.text, each) for each in corpus.answerable),
            *(("same_subject", text, None) for text in corpus.unanswerable),
            *(("foreign", text, None) for text in foreign_questions(list(corpora), corpus)),
            *(("foreign", text, None) for text in general[corpus.half]),
        ]
        vectors = _embedded(client, [text for _label, text, _gold in questions])
        for (label, text, gold), vector in zip(questions, vectors, strict=True):
            chunks, features = find(index, text, vector)
            yield Asked(
                corpus.name, corpus.half, corpus.language, label, text, gold, chunks, features
            )


def ask_beir(folder: Path, client: EmbeddingClient, n_questions: int) -> Iterator[Asked]:
    """Yield questions of a BEIR-layout folder, each with its passage and again without it."""
    rows = json_lines(folder / "corpus.jsonl")
    titles = [str(row.get("title", "")).replace("_", " ") for row in rows]
    texts = [
        Text(row["_id"], title, "", row["text"]) for row, title in zip(rows, titles, strict=True)
    ]
    positions = {row["_id"]: position for position, row in enumerate(rows)}
    index = index_of(texts, client)
    found = list(beir_questions(folder))
    step = max(1, len(found) // n_questions)
    chosen = found[::step]
    vectors = _embedded(client, [question.text for question, _passage in chosen])
    for (question, passage), vector in zip(chosen, vectors, strict=True):
        labels: tuple[Label, ...] = ("answerable", "article_removed")
        for label in labels:
            removed = label == "article_removed"
            without = frozenset({positions[passage]}) if removed else frozenset[int]()
            chunks, features = find(index, question.text, vector, without)
            gold = None if removed else question
            yield Asked(folder.name, "shared", "", label, question.text, gold, chunks, features)


def index_of(texts: Sequence[Text], client: EmbeddingClient) -> MemoryIndex:
    """Return the texts, embedded."""
    embedded = [embedding_text("", each.heading, each.text)[:_MAX_CHARS] for each in texts]
    vectors = client.embed_passages(embedded, sensitivity=Sensitivity.INTERNAL).vectors
    return MemoryIndex(texts, vectors)


def find(
    index: MemoryIndex,
    text: str,
    vector: NDArray[np.float32],
    without: frozenset[int] = frozenset(),
) -> tuple[tuple[RetrievedChunk, ...], tuple[Features | TranslatedFeatures, ...]]:
    """Return the best passages of a question, and their features."""
    weighted = index.weigh(text, vector)
    asked = read_question(text)
    chunks = tuple(index.rank(weighted, without=without))
    measured = [passage_features(asked, weighted, chunk, DEFAULT_MODEL) for chunk in chunks]
    return chunks, tuple(features for features in measured if features is not None)


def _embedded(client: EmbeddingClient, questions: Sequence[str]) -> NDArray[np.float32]:
    return client.embed_questions(questions, sensitivity=Sensitivity.INTERNAL).vectors
