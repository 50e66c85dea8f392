"""Asks the questions of the corpora in memory, with the functions of the product."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from bench.trust.memory import MemoryIndex, Text, passages_of
from bench.trust.sets import Corpus, GoldQuestion, beir_questions, beir_texts, foreign_questions
from inference.embedding.client import EmbeddingClient
from inference.embedding.folder import DEFAULT_MODEL
from ingestion.chunking import TokenCounter, embedding_text
from instances.models import Sensitivity
from retrieval.evidence.decision import answer_probability
from retrieval.evidence.features import Features, TranslatedFeatures
from retrieval.evidence.questions import read_question
from retrieval.relevance import passage_features
from retrieval.results import RetrievedChunk

T = TypeVar("T")
Label = Literal["answerable", "same_subject", "foreign", "article_removed"]
_GENERAL = Path(__file__).parent / "general.toml"
CORPORA = "corpora"
# Passages of an instance of mixed subjects.
GROUP = 50
_NEVER_FITTED = ("code_travail_fr", "xquad_es_en")
# The model refuses longer passages; those of BEIR sets are not cut as ingestion would.
_MAX_CHARS = 1200


@dataclass(frozen=True)
class Asked:
    """A question asked of a corpus: its best passages with their features, best first.

    ``source`` is what is measured together: the ten corpora, or a BEIR set, whole or in groups.
    """

    source: str
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
                CORPORA, corpus.name, corpus.half, corpus.language, label, text, gold, chunks,
                features,
            )  # fmt: skip


def ask_beir(folder: Path, client: EmbeddingClient, n_questions: int) -> Iterator[Asked]:
    """Yield questions of a BEIR-layout folder, each with its passage and again without it.

    Then those of groups of ``GROUP`` passages, as small instances of mixed subjects have them: each
    with the group of its passage, and with another. Odd questions and groups are kept apart.
    """
    collection = _read(folder, client)
    index, positions = collection.index, collection.positions
    found = [
        (question, passage, vector)
        for (question, passage), vector in zip(
            collection.questions, collection.vectors, strict=True
        )
        if passage in positions
    ]
    for number, (question, passage, vector) in enumerate(_every(found, n_questions)):
        half = "kept_apart" if number % 2 or folder.name in _NEVER_FITTED else "tuning"
        labels: tuple[Label, ...] = ("answerable", "article_removed")
        for label in labels:
            gone = frozenset(positions[passage]) if label == "article_removed" else frozenset[int]()
            chunks, features = find(index, question.text, vector, gone)
            gold = None if gone else question
            yield Asked(
                folder.name, folder.name, half, "", label, question.text, gold, chunks, features
            )
    groups = collection.groups()
    place = {
        member: number for number, (members, _group) in enumerate(groups) for member in members
    }
    for question, passage, vector in _every(found, n_questions):
        own = place[positions[passage][0]]
        for label, number in (("answerable", own), ("foreign", (own + 2) % len(groups))):
            half = "kept_apart" if number % 2 or folder.name in _NEVER_FITTED else "tuning"
            chunks, features = find(groups[number][1], question.text, vector)
            gold = question if label == "answerable" else None
            yield Asked(
                f"{folder.name}, groups of {GROUP}", folder.name, half, "", cast(Label, label),
                question.text, gold, chunks, features,
            )  # fmt: skip


@dataclass(frozen=True)
class _Collection:
    """A BEIR set in memory; ``positions`` of the passages of an entry in the index."""

    index: MemoryIndex
    positions: Mapping[str, list[int]]
    questions: Sequence[tuple[GoldQuestion, str]]
    vectors: NDArray[np.float32]

    def groups(self) -> list[tuple[list[int], MemoryIndex]]:
        """Return random groups of passages, each an instance of its own."""
        order = [int(i) for i in np.random.default_rng(0).permutation(len(self.index.texts))]
        members = [order[start : start + GROUP] for start in range(0, len(order), GROUP)]
        return [
            (each, MemoryIndex([self.index.texts[i] for i in each], self.index.vectors[each]))
            for each in members
        ]


def _read(folder: Path, client: EmbeddingClient) -> _Collection:
    texts = beir_texts(folder)
    questions = list(beir_questions(folder))
    vectors = _embedded(client, [question.text for question, _passage in questions])
    positions = {each.document: [position] for position, each in enumerate(texts)}
    return _Collection(index_of(texts, client), positions, questions, vectors)


def _every(found: Sequence[T], n: int) -> Sequence[T]:
    """Return about ``n`` of them, evenly spread."""
    return found[:: max(1, len(found) // n)]


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
