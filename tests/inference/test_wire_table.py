"""The tests named in docs/model-servers.md exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs/model-servers.md").read_text())


@pytest.mark.parametrize("file", sorted({file for file, _name in NAMED}))
def test_tests_of_the_table_exist(file: str) -> None:
    tree = ast.parse((ROOT / file).read_text())
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    present = {node.name for node in ast.walk(tree) if isinstance(node, functions)}
    assert {name for each, name in NAMED if each == file} <= present


def test_every_fact_has_its_tests() -> None:
    assert len(NAMED) > 30
    table = (ROOT / "docs/model-servers.md").read_text()
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    facts = [row for row in rows if not row.startswith("| fact")]
    assert all(re.search(r"`tests/[\w/]+\.py::test_\w+`", row) for row in facts)
