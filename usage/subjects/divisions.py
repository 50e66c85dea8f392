"""The ten Dewey classes and their hundred divisions: numbers, descriptions, example questions.

Only the numbers come from the Dewey Decimal Classification. The descriptions and the example
questions (``dewey/N00.toml``) were written for this project, which is not affiliated with OCLC,
the owner of the classification; its tables are not copied.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import get_language

FOLDER = Path(__file__).parent / "dewey"


@dataclass(frozen=True, slots=True)
class Division:
    """A division, its description in both languages, and questions on its subject."""

    number: str
    en: str
    fr: str
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MainClass:
    """One of the ten classes; ``digit`` begins the numbers of its divisions."""

    digit: str
    en: str
    fr: str
    divisions: tuple[Division, ...]


@cache
def main_classes() -> tuple[MainClass, ...]:
    """Return the ten classes in order, each with its ten divisions."""
    return tuple(_read(path) for path in sorted(FOLDER.glob("[0-9]*.toml")))


@cache
def divisions() -> Mapping[str, Division]:
    """Return the hundred divisions by number. 040, which Dewey does not use, has no examples."""
    return {each.number: each for whole in main_classes() for each in whole.divisions}


def class_of(number: str) -> str:
    """Return the digit of the class of a division; "" of none."""
    return number[:1]


def describe_division(number: str) -> str:
    """Return the description of a division ("370"), in the language of the reader."""
    return _in_language(divisions()[number])


def describe_class(number: str) -> str:
    """Return the description of the class of a division ("370" or "3": class 300)."""
    return _in_language(main_classes()[int(number[0])])


@cache
def examples() -> tuple[tuple[str, str], ...]:
    """Return all examples, each with its division, or "" for messages without a subject."""
    without_subject = _examples(tomllib.loads((FOLDER / "none.toml").read_text(encoding="utf-8")))
    return (
        *((each.number, text) for each in divisions().values() for text in each.examples),
        *(("", text) for text in without_subject),
    )


@cache
def examples_version() -> str:
    """Return a short hash of all examples: a classifier trained with others is out of date."""
    lines = [f"{division} {text}" for division, text in examples()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def _in_language(described: Division | MainClass) -> str:
    return described.fr if (get_language() or "").startswith("fr") else described.en


def _read(path: Path) -> MainClass:
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return MainClass(
        digit=path.stem[0],
        en=table["en"],
        fr=table["fr"],
        divisions=tuple(
            Division(number, entry["en"], entry["fr"], _examples(entry))
            for number, entry in table.items()
            if isinstance(entry, dict)
        ),
    )


def _examples(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the examples of a division: one a line, in English and French."""
    lines = [*entry["examples_en"].splitlines(), *entry["examples_fr"].splitlines()]
    return tuple(filter(None, lines))
