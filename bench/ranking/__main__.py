"""Acronyms in ranking, measured: ``python -m bench.ranking --models DIR``.

Asks the questions of ``acronyms.toml`` in memory, with the functions of the product and the real
embedding model, all its corpora and those of ``bench.trust`` in one index: with the acronyms of its
own text, and without. Prints JSON, for the half used for tuning and the half kept apart: the mean
reciprocal rank of the right passage, the mean of its relevance, and the share of questions whose
passage is among the first six, and of those that would be refused.
"""

import argparse
import json
import os
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import django
import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")
# The settings need these, and nothing here uses them.
os.environ.setdefault("DATABASE_URL", "postgresql:///unused")
os.environ.setdefault("SECRET_KEY", "unused-by-this-benchmark-which-signs-and-checks-nothing")
django.setup()

# What follows needs Django's applications (E402).
from bench.trust.asking import find, index_of  # noqa: E402
from bench.trust.memory import TOP_K, MemoryIndex, passages_of, token_counter  # noqa: E402
from bench.trust.sets import fold, read_corpora  # noqa: E402
from bench.trust.statistics import share  # noqa: E402
from inference.embedding.client import EmbeddingClient  # noqa: E402
from inference.embedding.folder import prepared_folder  # noqa: E402
from instances.models import Sensitivity  # noqa: E402
from retrieval.evidence.decision import answer_probability  # noqa: E402
from retrieval.relevance import THRESHOLDS  # noqa: E402
from tests.fixtures.models import serve_models  # noqa: E402

_SET = Path(__file__).parent / "acronyms.toml"


@dataclass(frozen=True)
class Question:
    """A question, the words of the passage that answers it, and its vector."""

    half: str
    text: str
    gold: str
    vector: NDArray[np.float32]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=Path("var/models"))
    options = parser.parse_args()
    corpora = tomllib.loads(_SET.read_text(encoding="utf-8"))["corpora"]
    counter = token_counter(prepared_folder(options.models))
    texts = [
        each
        for corpus in corpora
        for number, content in enumerate(corpus["documents"])
        for each in passages_of(f"{corpus['name']} {number}.md", content, counter)
    ]
    texts += [
        each
        for corpus in read_corpora()
        for name, content in corpus.documents
        for each in passages_of(name, content, counter)
    ]
    with (
        tempfile.TemporaryDirectory() as folder,
        serve_models(options.models, Path(folder, "log")) as server,
    ):
        client = EmbeddingClient(server.endpoint)
        index = index_of(texts, client)
        questions = list(_questions(corpora, client))
    report = {}
    for name, acronyms in (("without", set[tuple[str, str]]()), ("with", index.acronyms)):
        index.acronyms = acronyms
        for half in ("tuning", "kept_apart"):
            asked = [each for each in questions if each.half == half]
            report[f"{name}, {half}"] = _figures(index, asked)
    json.dump(report, sys.stdout, indent=1)


def _questions(corpora: list[dict[str, Any]], client: EmbeddingClient) -> Iterator[Question]:
    rows = [(corpus["half"], *row) for corpus in corpora for row in corpus["questions"]]
    texts = [text for _half, text, _gold in rows]
    vectors = client.embed_questions(texts, sensitivity=Sensitivity.INTERNAL).vectors
    for (half, text, gold), vector in zip(rows, vectors, strict=True):
        yield Question(half, text, gold, vector)


def _figures(index: MemoryIndex, questions: list[Question]) -> dict[str, object]:
    ranks, relevances, refused = [], [], []
    for question in questions:
        ranked = index.rank(index.weigh(question.text, question.vector), limit=len(index.texts))
        held = [fold(question.gold) in fold(chunk.text) for chunk in ranked]
        ranks.append(1 + held.index(True))
        found = [
            answer_probability(each) for each in find(index, question.text, question.vector)[1]
        ]
        relevances.append(found[ranks[-1] - 1] if ranks[-1] <= len(found) else 0.0)
        refused.append(max(found) < THRESHOLDS["balanced"])
    return {
        "reciprocal_rank": float(np.mean(1 / np.array(ranks))),
        "relevance": float(np.mean(relevances)),
        "among_six": asdict(share([rank <= TOP_K for rank in ranks])),
        "refused": asdict(share(refused)),
    }


if __name__ == "__main__":
    main()
