"""Whether this machine can confine the process that reads uploaded files."""

import subprocess

from launcher.configuration.inherited import plain
from launcher.configuration.operator_settings import setting
from launcher.errors import LauncherError
from launcher.progress import report
from launcher.project import PYTHON, ROOT

_TRUE = {"true", "t", "yes", "y", "on", "1"}  # as environs reads it


def report_missing_protections() -> None:
    """Print one line with the protections that are missing.

    Raises LauncherError with SANDBOX_REQUIRED.
    """
    probe = subprocess.run(
        [str(PYTHON), "-m", "ingestion.sandbox.probe"],
        cwd=ROOT,
        env=plain(),
        capture_output=True,
        text=True,
        check=False,
    )
    line = probe.stdout.strip() or probe.stderr.strip().rpartition("\n")[2]
    if line and setting("SANDBOX_REQUIRED", "").lower() in _TRUE:
        raise LauncherError(f"{line} SANDBOX_REQUIRED is set.")
    if line:
        report(line)
