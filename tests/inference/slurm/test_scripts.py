"""Scripts of job templates."""

import pytest

from inference.slurm import scripts
from inference.slurm.scripts import ScriptProblem

VALUES = dict.fromkeys(scripts.NAMES, "x") | {"token": r"a\1b", "port": "20001"}


def test_example_is_valid_and_is_filled_whole():
    assert scripts.problem_of(scripts.EXAMPLE) is None
    script = scripts.filled(scripts.EXAMPLE, VALUES)
    assert r"token=a\1b&" in script
    assert "--port 20001" in script
    assert "{{" not in script


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("echo", ScriptProblem("shebang")),
        ("#!/bin/sh\n{{ token }}{{x}}{{}}", ScriptProblem("unknown", ("x", ""))),
        ("#!/bin/sh\n{{token}}", ScriptProblem("missing", ("register_url",))),
        ("#!/bin/sh\n{{token}} {{ register_url }} ${HOME}", None),
    ],
    ids=["shebang", "unknown", "missing", "valid"],
)
def test_problem_of_a_script(script, problem):
    assert scripts.problem_of(script) == problem


def test_ports_are_those_of_ordinary_accounts():
    assert {scripts.port_of(number) // 10_000 for number in range(0, 50_000, 7)} == {2, 3}
