"""How this package starts Python processes, without the environment of the caller."""

import os
import subprocess
import sys
from pathlib import Path

# The protocol of `running`.
REQUEST = b"p"
DESCRIPTORS = 3
PROJECT = Path(__file__).resolve().parents[2]
# The complete environment: no secret of the caller is passed on.
ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "MALLOC_ARENA_MAX": "1",
    # Tesseract, and what numpy computes with: threads do not survive the fork of a child.
    "OMP_THREAD_LIMIT": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PATH": os.defpath,
    "TOKENIZERS_PARALLELISM": "false",
}
_PROBE_SECONDS = 60


def missing_protections_message() -> str:
    """Return the message about the protections that are missing here, "" if none is."""
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
        return f"The protections of the process that reads uploaded files are unknown: {error}"
    return done.stdout.strip()
