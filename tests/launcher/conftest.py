"""A data directory of their own for the launcher's tests, and a look at the processes it left."""

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.configuration.data_dir import DataDir, open_data_dir
from launcher.processes.process import processes_of, sweep


def kill_all(pids: list[int]) -> None:
    """Send SIGKILL to each; some die of the others' death."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def data() -> Iterator[DataDir]:
    """An empty data directory; whatever the test started in it is ended."""
    root = Path(tempfile.mkdtemp(prefix="ragapp-launcher-"))
    data = open_data_dir(root / "var")
    yield data
    sweep(data)
    shutil.rmtree(root)


@pytest.fixture
def nothing_left(data: DataDir) -> Iterator[None]:
    """Fail the test when it leaves a process behind."""
    yield
    assert processes_of(data) == []
