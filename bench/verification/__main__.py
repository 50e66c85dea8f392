"""Verified citations, measured: ``python -m bench.verification --models DIR``.

Checks the sentences of ``sentences/`` with the functions of the product and prints JSON, for the
half used for tuning and the half kept apart: which share of the false sentences is caught, by kind;
which share of the true ones is marked (false alarms), by kind; of true sentences that cite another
passage, which share is moved to the right one; all with 95 % intervals; and the milliseconds of one
processor that an answer of five sentences takes. With ``--fit`` it only fits the decision
(``bench.verification.fit``); with ``--errors`` it lists the wrong outcomes of the tuning half.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
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
from bench.trust.memory import token_counter  # noqa: E402
from bench.trust.statistics import share  # noqa: E402
from bench.verification import fit  # noqa: E402
from bench.verification.sets import CITATION, FALSE, TRUE, Said, read_sentences  # noqa: E402
from inference.embedding.folder import prepared_folder  # noqa: E402
from retrieval.verification.passages import read_passage  # noqa: E402
from retrieval.verification.verdicts import Outcome, Verdict, check  # noqa: E402

_ANSWER_SENTENCES = 5

Checked = Sequence[tuple[Said, Verdict]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=Path("var/models"))
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--errors", action="store_true")
    options = parser.parse_args()
    sentences = read_sentences(token_counter(prepared_folder(options.models)))
    if options.fit:
        tuning = [each for each in sentences if each.half == "tuning" and each.kind != CITATION]
        fit.write(*fit.fit(tuning), len(tuning))
        return
    checked = [(said, check(said.text, said.cited, said.passages)) for said in sentences]
    report: dict[str, Any] = {}
    for half in ("tuning", "kept_apart"):
        report[half] = _report([each for each in checked if each[0].half == half])
    report["milliseconds_of_an_answer"] = milliseconds(sentences)
    if options.errors:
        report["errors"] = [
            f"{said.kind}: {said.text}"
            for said, verdict in checked
            if said.half == "tuning" and said.kind != CITATION and said.is_true == _marked(verdict)
        ]
    json.dump(report, sys.stdout, indent=1, ensure_ascii=False)


def _report(checked: Checked) -> dict[str, Any]:
    report: dict[str, Any] = {
        "caught": _shares(checked, FALSE),
        "false_alarms": _shares(checked, TRUE),
        "citation_moved_rightly": asdict(
            share(
                verdict.outcome == Outcome.MOVED and set(verdict.cited) <= set(said.sources)
                for said, verdict in checked
                if said.kind == CITATION
            )
        ),
        "citation_kept_wrongly": asdict(
            share(
                verdict.outcome == Outcome.SUPPORTED
                for said, verdict in checked
                if said.kind == CITATION
            )
        ),
    }
    for language in ("fr", "en"):
        of_language = [each for each in checked if each[0].language == language]
        report[f"caught_{language}"] = _shares(of_language, FALSE)["all"]
        report[f"false_alarms_{language}"] = _shares(of_language, TRUE)["all"]
    return report


def _shares(checked: Checked, kinds: Sequence[str]) -> dict[str, Any]:
    """Return which share of the sentences is marked, of all the kinds and of each."""
    marked = {kind: [_marked(v) for said, v in checked if said.kind == kind] for kind in kinds}
    everything = [each for found in marked.values() for each in found]
    return {"all": asdict(share(everything))} | {
        kind: asdict(share(found)) for kind, found in marked.items() if found
    }


def _marked(verdict: Verdict) -> bool:
    """Whether a reader sees a mark: a citation that is moved needs none."""
    return verdict.outcome == Outcome.UNSUPPORTED


def milliseconds(sentences: Sequence[Said]) -> float:
    """Return the mean processor time to read the passages of an answer and check its sentences."""
    answers = [
        sentences[first : first + _ANSWER_SENTENCES]
        for first in range(0, len(sentences) - _ANSWER_SENTENCES, 7 * _ANSWER_SENTENCES)
    ]
    started = process_time()
    for answer in answers:
        read_passage.cache_clear()
        passages = [read_passage(each.text, each.context) for each in answer[0].passages[:6]]
        for said in answer:
            check(said.text, [min(said.cited[0], len(passages) - 1)], passages)
    return round(1000 * (process_time() - started) / len(answers), 1)


if __name__ == "__main__":
    main()
