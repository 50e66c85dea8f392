"""Files that are damaged at random end with text or a reason, and the reader goes on."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from ingestion.errors import DocumentError, ParserCrashed, UnsupportedMediaType
from ingestion.sandbox import ParseLimits
from tests.ingestion.files.legacy_writer import write_doc, write_ppt, write_xls
from tests.ingestion.files.ole2_writer import write_ole2
from tests.ingestion.reading import read_in_child

MUTATIONS = 25
LIMITS = ParseLimits(cpu_seconds=20, wall_seconds=60, memory_bytes=512 << 20)


def text(content: str) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        path.write_text(content)
        return path

    return write


def message(path: Path) -> Path:
    tree = {
        "__properties_version1.0": bytes(48),
        "__substg1.0_1000001F": "Bonjour à tous".encode("utf-16-le"),
        "__substg1.0_0037001F": "Objet".encode("utf-16-le"),
        "__recip_version1.0_#00000000": {"__substg1.0_3001001F": b"A\0"},
        "__attach_version1.0_#00000000": {"__substg1.0_37010102": b"x" * 5000},
    }  # fmt: skip
    return write_ole2(path, tree)


CELLS = [
    {"cell_type": "markdown", "source": "# Un\n\ntexte"},
    {"cell_type": "code", "source": "x", "outputs": []},
]
FILES: dict[str, Callable[[Path], Path]] = {
    "a.doc": lambda path: write_doc(path, "Un titre\nDu texte à lire, encore."),
    "a.xls": lambda path: write_xls(path, {"Feuille": [["a", "b"], ["c", "d"]]}),
    "a.ppt": lambda path: write_ppt(path, [("Titre", "Texte"), ("Deux", "Suite")]),
    "a.msg": message,
    "a.vtt": text("WEBVTT\n\n00:01.000 --> 00:02.000\n<v A>Un &amp; deux\n" * 5),
    "a.srt": text("1\n00:00:01,000 --> 00:00:02,000\n<i>Un</i>\n\n" * 5),
    "a.json": text(json.dumps({"a": [{"b": 1, "c": [2]}, {"b": "é"}], "d": {"e": None}})),
    "a.xml": text("<?xml version='1.0'?><a><title>T</title><r><b>1</b></r><r><b>2</b></r></a>"),
    "a.tex": text("\\section{Un}\\begin{tabular}{ll}a & b\\\\\\end{tabular} $x$ \\'e \\item[a] b"),
    "a.ipynb": text(json.dumps({"nbformat": 4, "cells": CELLS})),
    "a.py": text("class A:\n    def f(self):\n        return 1\n" * 9),
}


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return a file with some bytes changed, a part repeated or left out, or the end missing."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 12)):
        place, byte = chance.randrange(len(changed)), chance.randrange(256)
        changed[place] = chance.choice([0, 1, 0x7F, 0xFF, byte])
    start, end = sorted(chance.randrange(len(changed)) for _ in range(2))
    match chance.randrange(4):
        case 0:
            return bytes(changed[:end])
        case 1:
            return bytes(changed[:start] + changed[end:])
        case 2:
            return bytes(changed[:end] + changed[start:])
    return bytes(changed)


@pytest.mark.parametrize("name", FILES)
def test_damaged_file_has_a_reason_or_text(tmp_path: Path, name: str) -> None:
    chance = random.Random(name)
    path = FILES[name](tmp_path / name)
    assert read_in_child(path).passages
    data = path.read_bytes()
    for _ in range(MUTATIONS):
        path.write_bytes(mutated(data, chance))
        try:
            assert read_in_child(path, limits=LIMITS).passages
        except ParserCrashed as error:
            pytest.fail(f"{error}")
        except (DocumentError, UnsupportedMediaType):
            continue
