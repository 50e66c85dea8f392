"""The questions of the measure: ten corpora of one subject each, and the BEIR sets of ../shared.

Half of the corpora (``half = "kept_apart"``) were never used to choose a rule or a coefficient.
Gold answers are alternatives separated by "|"; parts separated by " & " are all required.
"""

import json
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bench.trust.memory import Text

FOLDER = Path(__file__).parent / "corpora"

Half = Literal["tuning", "kept_apart"]


@dataclass(frozen=True)
class GoldQuestion:
    """A question and the answers that its extract must hold, all of them, each in one spelling."""

    kind: str
    text: str
    answers: tuple[tuple[str, ...], ...]

    def is_in(self, extract: str) -> bool:
        """Whether an extract holds the answer."""
        folded = fold(extract)
        return all(any(fold(spelling) in folded for spelling in part) for part in self.answers)


@dataclass(frozen=True)
class Corpus:
    """Documents (name, Markdown) of one subject, and questions with and without an answer there."""

    name: str
    half: Half
    language: str
    documents: tuple[tuple[str, str], ...]
    answerable: tuple[GoldQuestion, ...]
    unanswerable: tuple[str, ...]


def read_corpora() -> list[Corpus]:
    """Return the corpora, by name."""
    return [_corpus(path) for path in sorted(FOLDER.glob("*.toml"))]


def foreign_questions(corpora: list[Corpus], corpus: Corpus) -> list[str]:
    """Return questions about the subjects of the other corpora of the same half."""
    others = [each for each in corpora if each.half == corpus.half and each.name != corpus.name]
    return [question.text for each in others for question in each.answerable[::3]]


def beir_questions(folder: Path) -> Iterator[tuple[GoldQuestion, str]]:
    """Yield the questions of a BEIR-layout folder with the id of the passage that answers."""
    gold: dict[str, str] = {}
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query_id, passage_id, gain = line.split("\t")
        if int(gain) > 0:
            gold.setdefault(query_id, passage_id)
    for query in json_lines(folder / "queries.jsonl"):
        answers = (tuple(query["answers"]),) if query.get("answers") else ()
        if query["_id"] in gold:
            yield GoldQuestion("beir", query["text"], answers), gold[query["_id"]]


def beir_texts(folder: Path) -> list[Text]:
    """Return the passages of a BEIR-layout folder, by the order of its file."""
    return [
        Text(row["_id"], str(row.get("title", "")).replace("_", " "), "", row["text"])
        for row in json_lines(folder / "corpus.jsonl")
        if row["text"].strip()
    ]


def json_lines(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a file with one JSON object a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def fold(text: str) -> str:
    """Return text whose differences of typing do not matter: case, spaces, Markdown's escapes."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("\\", "").replace("’", "'")
    return " ".join(plain.replace("|", " ").split())


def _corpus(path: Path) -> Corpus:
    data: Mapping[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return Corpus(
        name=path.stem,
        half=data["half"],
        language=data["language"],
        documents=tuple((each["name"], each["text"]) for each in data["documents"]),
        answerable=tuple(
            GoldQuestion(
                kind,
                text,
                tuple(
                    tuple(spelling.strip() for spelling in part.split("|"))
                    for part in gold.split(" & ")
                ),
            )
            for kind, text, gold in data["answerable"]
        ),
        unanswerable=tuple(data["unanswerable"]),
    )
