"""Refusal and extracts, measured: ``python -m bench.trust --models DIR [--eval ../shared/eval]``.

Asks the questions of ten small corpora (``corpora/``) in memory, with the functions of the product
and the real embedding model, which it starts. Prints JSON, for the half used for tuning and the
half kept apart: by strictness, which share of the questions is refused (answerable; unanswerable
on the same subject; foreign) with 95 % intervals; of extracts, which share holds the gold answer,
and their words. With ``--eval``: extracts of the right passage on questions of ``piaf_fr`` and
``xquad_en``; refusals on these and on ``code_travail_fr`` and ``xquad_es_en``, whole and in groups
of 50 passages. With ``--fit`` it only fits the decision (``bench.trust.fit``).
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from time import process_time
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")
# The settings need these, and nothing here uses them.
os.environ.setdefault("DATABASE_URL", "postgresql:///unused")
os.environ.setdefault("SECRET_KEY", "unused-by-this-benchmark-which-signs-and-checks-nothing")
django.setup()

# What follows needs Django's applications (E402).
from bench.trust import fit  # noqa: E402
from bench.trust.asking import CORPORA, Asked, ask_beir, ask_corpora  # noqa: E402
from bench.trust.memory import token_counter  # noqa: E402
from bench.trust.sets import beir_questions, json_lines, read_corpora  # noqa: E402
from bench.trust.statistics import share  # noqa: E402
from chat.answers.quoting.extractive import extracts  # noqa: E402
from chat.answers.quoting.extracts import extract_answer  # noqa: E402
from inference.embedding.client import EmbeddingClient  # noqa: E402
from inference.embedding.folder import prepared_folder  # noqa: E402
from retrieval.evidence.questions import read_question  # noqa: E402
from retrieval.relevance import THRESHOLDS  # noqa: E402
from tests.fixtures.models import serve_models  # noqa: E402

_BEIR = ("piaf_fr", "xquad_en")
_REFUSED_ONLY = ("code_travail_fr", "xquad_es_en")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=Path("var/models"))
    parser.add_argument("--eval", type=Path)
    parser.add_argument("--beir-questions", type=int, default=400)
    parser.add_argument("--fit", action="store_true")
    options = parser.parse_args()
    corpora = read_corpora()
    with (
        tempfile.TemporaryDirectory() as folder,
        serve_models(options.models, Path(folder, "log")) as server,
    ):
        client = EmbeddingClient(server.endpoint)
        counter = token_counter(prepared_folder(options.models))
        asked = list(ask_corpora(corpora, client, counter))
        names = _BEIR if options.fit else (*_BEIR, *_REFUSED_ONLY)
        for name in names if options.eval else ():
            asked += ask_beir(options.eval / name, client, options.beir_questions)
    if options.fit:
        fitted = [each for each in asked if each.half == "tuning"]
        fit.write(*fit.fit(fitted), len(fitted))
        return
    report: dict[str, Any] = {}
    for half, source in dict.fromkeys((each.half, each.source) for each in asked):
        of_half = [each for each in asked if (each.half, each.source) == (half, source)]
        figures = report.setdefault(half, {})[source] = {"refused": refusals(of_half)}
        if source == CORPORA:
            figures["extracts"] = answers(of_half)
            for language in ("fr", "en"):
                of_language = [each for each in of_half if each.language == language]
                figures[f"refused_{language}"] = refusals(of_language)["balanced"]
    if options.eval:
        report["extracts_of_the_right_passage"] = {
            name: right_passages(options.eval / name) for name in _BEIR
        }
    json.dump(report, sys.stdout, indent=1)


def refusals(asked: Sequence[Asked]) -> dict[str, Any]:
    """Return which share is refused, by strictness and label."""
    labels = dict.fromkeys(each.label for each in asked)
    return {
        str(strictness): {
            label: asdict(share(e.relevance < threshold for e in asked if e.label == label))
            for label in labels
        }
        for strictness, threshold in THRESHOLDS.items()
    }


def answers(asked: Sequence[Asked]) -> dict[str, Any]:
    """Return which share of the answered questions has the gold answer in its extracts."""
    threshold = THRESHOLDS["balanced"]
    found = [each for each in asked if each.gold is not None and each.relevance >= threshold]
    shown = [[_shown(e) for e in extracts(each.text, each.chunks)] for each in found]
    pairs = list(zip(found, shown, strict=True))
    return {
        "in_any": asdict(share(_holds(each, " ".join(texts)) for each, texts in pairs)),
        "in_first": asdict(share(_holds(each, texts[0]) for each, texts in pairs)),
        "mean_words": _mean(len(" ".join(texts).split()) for texts in shown),
        "mean_words_of_first": _mean(len(texts[0].split()) for texts in shown),
        "missed": [each.text for each, texts in pairs if not _holds(each, " ".join(texts))],
    }


def right_passages(folder: Path) -> dict[str, Any]:
    """Return which share of questions has the gold answer in the extract of its passage."""
    texts = {row["_id"]: row["text"] for row in json_lines(folder / "corpus.jsonl")}
    hits, words, started = [], [], process_time()
    for question, passage in beir_questions(folder):
        text = texts[passage]
        quotes = extract_answer(read_question(question.text), text).quotes(text)
        hits.append(question.is_in(" ".join(quotes)))
        words.append(len(" ".join(quotes).split()))
    seconds = process_time() - started
    return {
        "holds_answer": asdict(share(hits)),
        "mean_words": _mean(words),
        "mean_ms": round(1000 * seconds / len(hits), 2),
    }


def _shown(extract: Any) -> str:
    return f"{extract.header} {extract.quote}"


def _holds(asked: Asked, words: str) -> bool:
    return asked.gold is not None and asked.gold.is_in(words)


def _mean(values: Sequence[int] | Iterator[int]) -> float:
    found = list(values)
    return round(sum(found) / len(found), 1) if found else 0.0


if __name__ == "__main__":
    main()
