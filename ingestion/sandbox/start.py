"""How this package starts Python: with none of the caller's secrets."""

import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
# The whole of it.
ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "MALLOC_ARENA_MAX": "1",
    "PATH": os.defpath,
    "TOKENIZERS_PARALLELISM": "false",
}
_PROBE_SECONDS = 60


def lacking() -> str:
    """Return the line about the protections that are missing here, "" when there are all."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "ingestion.sandbox.probe"],
            cwd=PROJECT,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=_PROBE_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"Whether the process that reads uploaded files is confined is unknown: {error}"
    return done.stdout.strip()
