"""The ``xmlsec1`` program, with limits on time and memory."""

import os
import shutil
import subprocess
from functools import cache

# For a message of at most 512 KiB.
_SECONDS, _KIBIBYTES = 10, 512 << 10


@cache
def program() -> str:
    """Return the path of xmlsec1. Raises FileNotFoundError with the package to install."""
    path = shutil.which("xmlsec1")
    if path is None:
        raise FileNotFoundError("the program xmlsec1 is missing: install the package xmlsec1")
    return path


def run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """Run xmlsec1 with limits on processor time and memory, and with an empty environment."""
    # The shell sets the limits: a preexec_fn is not safe in a process with threads.
    script = f'ulimit -t {_SECONDS}; ulimit -v {_KIBIBYTES}; exec "$@"'
    return subprocess.run(  # noqa: S603 (a fixed program; arguments are never interpreted)
        ["/bin/sh", "-c", script, "sh", program(), *arguments],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=3 * _SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
        env={"LANG": "C.UTF-8", "PATH": os.defpath},
    )
