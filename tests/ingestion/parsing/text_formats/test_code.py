"""Programs and notebooks: parts with the names of what they define and their lines."""

import json
from pathlib import Path
from typing import Any

import pytest

from ingestion.parsing import media_types
from ingestion.parsing.code.definitions import definitions
from tests.ingestion.reading import outline_of, read, text_of

BODY = "\n".join(f"    x{n} = {n}" for n in range(9))
HEAD = "# Un module.\n\nimport os\n\n\n\n\n\n"
PROGRAM = f"{HEAD}@cache\ndef un(a):\n{BODY}\n\n\nclass Deux:\n{BODY}\n"


def test_functions_are_sections_with_their_lines(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(PROGRAM)
    document = read(tmp_path / "a.py")
    assert document.media_type == media_types.CODE
    assert [page.label for page in document.pages] == ["l. 1–8", "un · l. 9–21", "Deux · l. 22–32"]
    assert document.pages[1].blocks[0].text.startswith("@cache\ndef un(a):\n    x0 = 0")


def test_long_class_is_cut_at_its_methods(tmp_path: Path) -> None:
    body = "        y = 1\n" * 30
    methods = "".join(f"    def m{n}(self):\n{body}\n" for n in range(4))
    (tmp_path / "a.py").write_text(f"class Long:\n{methods}")
    labels = [page.label for page in read(tmp_path / "a.py").pages]
    assert labels == ["Long · l. 1–65", "Long.m2 · l. 66–130"]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("async def lire(self):", "lire"),
        ("export default class Page extends X {", "Page"),
        ("pub(crate) fn parse<T>(a: T) -> u8 {", "parse"),
        ("func (s *Server) Run() error {", "Run"),
        ("public static void main(String[] args) {", "main"),
        ("const ouvrir = async (x) => {", "ouvrir"),
        ("moyenne <- function(x, y) {", "moyenne"),
        ("CREATE OR REPLACE VIEW notes AS", "notes"),
        ("static int *somme(int a,", "somme"),
        ("deploy() {", "deploy"),
        ("if (a) {", ""),
        ("print(a, b)", ""),
        ("return f(x) {", ""),
        ("# def rien():", ""),
    ],
)
def test_definitions_of_many_languages(line: str, name: str) -> None:
    assert [found.name for found in definitions([line])] == ([name] if name else [])


@pytest.mark.parametrize(
    "line", ["a*" * 190, "a " * 190, "async " * 60, "f(" * 190, "x = (" * 80, "a&*" * 120 + "("]
)
def test_hostile_lines_are_no_definitions(line: str) -> None:
    assert definitions([line] * 200) == []


def notebook(folder: Path, value: Any) -> list[tuple[str, str]]:
    (folder / "a.ipynb").write_text(json.dumps(value))
    return outline_of(read(folder / "a.ipynb"))


def test_notebook_has_text_code_and_outputs(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Analyse\n", "Des **notes**."]},
        {"cell_type": "code", "source": "moyenne(x)", "outputs": [
            {"output_type": "stream", "text": ["12,5\n"]},
            {"output_type": "execute_result", "data": {"image/png": "iVBOR", "text/plain": "13"}},
            {"output_type": "error", "ename": "ValueError", "evalue": "vide"},
        ]},
        {"cell_type": "raw", "source": ""},
        "junk",
    ]  # fmt: skip
    assert notebook(tmp_path, {"nbformat": 4, "cells": cells}) == [
        ("heading1", "Analyse"),
        ("paragraph", "Des notes."),
        ("code", "moyenne(x)"),
        ("code", "12,5"),
        ("code", "13"),
        ("code", "ValueError: vide"),
    ]


def test_notebook_of_version_3(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "source": "Titre"},
        {
            "cell_type": "code",
            "input": ["a\n", "b"],
            "outputs": [{"output_type": "pyout", "text": "c"}],
        },
    ]
    assert notebook(tmp_path, {"worksheets": [{"cells": cells}]}) == [
        ("heading2", "Titre"), ("code", "a\nb"), ("code", "c"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["{", '{"cells": 3}', "[]", '{"cells": [{"cell_type": 3}]}'])
def test_damaged_notebook_is_read_as_text(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.ipynb").write_text(text)
    assert text_of(read(tmp_path / "a.ipynb")) == text
