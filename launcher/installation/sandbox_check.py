"""Whether this machine can confine the process that reads uploaded files."""

import contextlib
import subprocess
from collections.abc import Iterator

from launcher.configuration.inherited import plain
from launcher.configuration.operator_settings import setting
from launcher.errors import LauncherError
from launcher.progress import report
from launcher.project import PYTHON, ROOT

_TRUE = {"true", "t", "yes", "y", "on", "1"}  # as environs reads it


@contextlib.contextmanager
def reporting_missing_protections() -> Iterator[None]:
    """Try the protections during a ``with`` block; print one line with those that are missing.

    Raises LauncherError at the end of the block with SANDBOX_REQUIRED.
    """
    with subprocess.Popen(
        [str(PYTHON), "-m", "ingestion.sandbox.probe"],
        cwd=ROOT,
        env=plain(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as probe:
        yield
        output, errors = probe.communicate()
    line = output.strip() or errors.strip().rpartition("\n")[2]
    if line and setting("SANDBOX_REQUIRED", "").lower() in _TRUE:
        raise LauncherError(f"{line} SANDBOX_REQUIRED is set.")
    if line:
        report(line)
