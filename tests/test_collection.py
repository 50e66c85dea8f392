"""The names of all tests are the same in each process, whatever its clock and its hash seed.

``./test`` shares the work among processes that collect by themselves (pytest-xdist), and gives up
when their lists differ.
"""

import os
import subprocess
import sys

import pytest

from launcher.project import ROOT

# Another second, minute, hour, day and month.
SHIFT_S = 40 * 86_400 + 3_723


def collect(*, hash_seed: int, shift_s: int) -> "subprocess.Popen[str]":
    """Collect the suite in a process of its own, which no worker of this session influences."""
    inherited = {name: value for name, value in os.environ.items() if "XDIST" not in name}
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "tests.shifted_clock", "--collect-only"],
        cwd=ROOT,
        env=inherited
        | {"PYTHONHASHSEED": str(hash_seed), "RAGAPP_TEST_CLOCK_SHIFT_S": str(shift_s)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def listed(process: "subprocess.Popen[str]") -> list[str]:
    """The names that it has collected."""
    output = process.communicate()[0]
    assert process.returncode == 0, output
    return [line for line in output.splitlines() if "::" in line]


def test_every_process_collects_the_same_tests(request: pytest.FixtureRequest) -> None:
    elsewhere = collect(hash_seed=2, shift_s=SHIFT_S)
    here = [item.nodeid for item in request.session.items]
    # This session may have been asked for some tests only.
    if {item.path for item in request.session.items} != set(ROOT.glob("tests/**/test_*.py")):
        here = listed(collect(hash_seed=1, shift_s=0))
    there = listed(elsewhere)
    assert sorted(set(here) ^ set(there)) == []
    assert here == there
    assert len(here) > 1000
