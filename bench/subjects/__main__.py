"""Accuracy and time of the classification of questions; prints JSON.

    python -m bench.subjects [--models var/models]

Trains the classifier with the examples, embeds the questions of ``development.toml`` and
``test.toml`` with the model server, and classifies them as production does. For each half and
language: the share of questions that get the right class and division (*right*: one that is not
classified counts as wrong), the share that is classified (*coverage*), the accuracy among these,
and the share of messages without a subject that are classified all the same. Then the time of one
classification. The most frequent confusions are those of the development half: methods and
examples may be chosen by it, never by the test half.
"""

import argparse
import json
import os
import tempfile
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import django
import numpy as np

# The settings need these, and nothing here uses them.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")
os.environ.setdefault("DATABASE_URL", "postgresql:///unused")
os.environ.setdefault("SECRET_KEY", "unused-by-this-benchmark-which-signs-and-checks-nothing")
django.setup()

from inference.embedding.client import EmbeddingClient  # noqa: E402
from instances.models import Sensitivity  # noqa: E402
from tests.fixtures.models import serve_models  # noqa: E402
from usage.subjects.classifier import Classifier, Subject  # noqa: E402
from usage.subjects.preparation import train_with_examples  # noqa: E402

FOLDER = Path(__file__).parent
HALVES = ("development", "test")
WITHOUT_SUBJECT = "none"
TIMED = 2000


@dataclass(frozen=True)
class Question:
    """A question of a half, and its division or ``WITHOUT_SUBJECT``."""

    half: str
    language: str
    division: str
    text: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=Path("var/models"))
    options = parser.parse_args()
    questions = read_questions()
    report: dict[str, Any] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        serve_models(options.models, Path(folder, "log")) as server,
    ):
        started = perf_counter()
        classifier = train_with_examples(server.endpoint)
        report["train_s"] = round(perf_counter() - started, 1)
        texts = [each.text for each in questions]
        client = EmbeddingClient(server.endpoint)
        vectors = client.embed_questions(texts, sensitivity=Sensitivity.INTERNAL).vectors
    subjects = [classifier.classify(vector) for vector in vectors]
    answers = list(zip(questions, subjects, strict=True))
    for half in HALVES:
        of_half = [answer for answer in answers if answer[0].half == half]
        report[half] = {
            "all": figures(of_half),
            "fr": figures([answer for answer in of_half if answer[0].language == "fr"]),
            "en": figures([answer for answer in of_half if answer[0].language == "en"]),
        }
    report["confusions_in_development"] = confusions(answers)
    report["microseconds"] = microseconds(classifier, vectors)
    print(json.dumps(report, indent=2))


def read_questions() -> list[Question]:
    return [
        Question(half, language, division, text)
        for half in HALVES
        for language, table in tomllib.loads((FOLDER / f"{half}.toml").read_text()).items()
        for division, texts in table.items()
        for text in texts
    ]


def figures(answers: list[tuple[Question, Subject]]) -> dict[str, float]:
    labelled = [(q.division, s.division) for q, s in answers if q.division != WITHOUT_SUBJECT]
    classified = [pair for pair in labelled if pair[1]]
    others = [bool(s.division) for q, s in answers if q.division == WITHOUT_SUBJECT]
    return {
        "questions": len(labelled),
        "class_right": share(want[0] == got[:1] for want, got in labelled),
        "division_right": share(want == got for want, got in labelled),
        "coverage": share(bool(got) for _, got in labelled),
        "class_accuracy": share(want[0] == got[0] for want, got in classified),
        "division_accuracy": share(want == got for want, got in classified),
        "without_subject_classified": share(others),
    }


def share(hits: Any) -> float:
    return round(float(np.mean(list(hits))), 3)


def confusions(answers: list[tuple[Question, Subject]]) -> dict[str, int]:
    counts = Counter(
        f"{question.division} as {subject.division or 'unclassified'}"
        for question, subject in answers
        if question.half == "development" and question.division != subject.division
    )
    return dict(counts.most_common(8))


def microseconds(classifier: Classifier, vectors: np.ndarray) -> dict[str, float]:
    times = []
    for number in range(TIMED):
        vector = vectors[number % len(vectors)]
        started = perf_counter()
        classifier.classify(vector)
        times.append(1e6 * (perf_counter() - started))
    return {f"p{p}": round(float(np.percentile(times, p)), 1) for p in (50, 95)}


if __name__ == "__main__":
    main()
