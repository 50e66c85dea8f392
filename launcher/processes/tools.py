"""Run the tools of set-up (pip, npm, manage.py), with their output in a log file."""

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from launcher.configuration.inherited import TOOLS, plain
from launcher.errors import LauncherError
from launcher.processes.account import child_setup, our_account
from launcher.project import ROOT

# What tools print when they cannot reach their registry (pip, npm).
_NO_NETWORK = (
    "Temporary failure in name resolution",
    "Name or service not known",
    "Network is unreachable",
    "Connection refused",
    "Failed to establish a new connection",
    "NewConnectionError",
    "ConnectTimeoutError",
    "ProxyError",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ENETUNREACH",
)
_NOTHING_FOUND = "(from versions: none)"  # pip's last message without network
_DISK_FULL = ("No space left on device", "ENOSPC")


def run_logged(
    command: list[str],
    log_file: Path,
    *,
    failure: str,
    env: dict[str, str] | None = None,
    on_line: Callable[[str], None] = lambda line: None,
) -> None:
    """Run ``command`` in the project, its output appended to ``log_file``.

    ``env`` is added to the environment of tools (``inherited``). ``on_line`` gets each line. Raises
    LauncherError, beginning with ``failure``, that names the cause when it is the network or the
    disk, and the log otherwise.
    """
    tail: list[str] = []
    with log_file.open("a") as log:
        log.write(f"\n$ {' '.join(command)}\n")
        log.flush()
        with subprocess.Popen(
            command,
            cwd=ROOT,
            env=plain(*TOOLS) | (env or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            preexec_fn=child_setup(our_account(), signal.SIGTERM),
        ) as process:
            try:
                for line in process.stdout or ():
                    log.write(line)
                    tail = [*tail[-200:], line]
                    on_line(line)
            finally:
                process.terminate()
    if process.returncode != 0:
        raise LauncherError(f"{failure}: {_cause(''.join(tail), log_file)}")


def _cause(output: str, log_file: Path) -> str:
    if any(sign in output for sign in _DISK_FULL):
        return "the disk is full. Free some space and start again."
    if any(sign in output for sign in _NO_NETWORK):
        return (
            "the package registry cannot be reached. The first set-up needs the network (or a "
            f"mirror, PIP_INDEX_URL); details in {log_file}."
        )
    if _NOTHING_FOUND in output:
        return (
            "the package registry cannot be reached, or has nothing for this Python. The first "
            f"set-up needs the network (or a mirror, PIP_INDEX_URL); details in {log_file}."
        )
    return f"see {log_file}."
