"""The names of all tests are the same in each process, whatever its clock and its hash seed.

``./test`` shares the work among processes that collect by themselves (pytest-xdist), and gives up
when their lists differ.
"""

import os
import subprocess
import sys

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


def test_every_process_collects_the_same_tests() -> None:
    processes = [collect(hash_seed=1, shift_s=0), collect(hash_seed=2, shift_s=SHIFT_S)]
    outputs = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    here, elsewhere = ([line for line in text.splitlines() if "::" in line] for text in outputs)
    assert sorted(set(here) ^ set(elsewhere)) == []
    assert here == elsewhere
    assert len(here) > 1000
