"""The virtual environment and its pinned packages.

Every pin, transitive ones too, is in the requirements files, so nothing is left to resolve
(``--no-deps``): quick, and the same everywhere. PyTorch alone is special: its release on PyPI
brings gigabytes of CUDA, so without an NVIDIA GPU its CPU build is tried first.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from launcher.configuration.operator_settings import setting
from launcher.errors import LauncherError
from launcher.installation.pip_bootstrap import install_pip
from launcher.installation.stamps import fingerprint, is_fresh, write_stamp
from launcher.processes.tools import run_logged
from launcher.progress import report, step
from launcher.project import PYTHON, ROOT, VENV

BASE = "requirements.txt"
DEMO = "requirements-demo.txt"
DEV = "requirements-dev.txt"
_TORCH_CPU_INDEX_URL = "https://download.pytorch.org/whl/cpu"
# How the line of each package begins in pip's output.
_ONE_PACKAGE = ("Collecting ", "Processing ", "Requirement already satisfied: ")
_PIP = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input"]
_INSTALL = [*_PIP, "install", "--no-deps", "--progress-bar", "off"]


def ensure_packages(names: list[str], log_file: Path) -> None:
    """Install the requirements files ``names`` (in the project) into ``.venv`` unless they are.

    Raises LauncherError, which names the network, the disk or Python as the cause.
    """
    missing = [name for name in names if not _is_installed(name)]
    if not missing:
        return
    _ensure_venv(log_file)
    for name in missing:
        with step(f"Installing packages ({name}; several minutes the first time)"):
            if name == BASE:
                _install_torch(log_file)
            _install(name, log_file)
        write_stamp(_stamp(name), _digest(name))


def _stamp(name: str) -> Path:
    return VENV / f".{name}.stamp"


def _digest(name: str) -> str:
    return fingerprint([ROOT / name])


def _is_installed(name: str) -> bool:
    return PYTHON.exists() and is_fresh(_stamp(name), _digest(name))


def _ensure_venv(log_file: Path) -> None:
    if (VENV / "bin" / "pip").exists():
        return
    shutil.rmtree(VENV, ignore_errors=True)
    with step("Creating the virtual environment"):
        command = [sys.executable, "-m", "venv", str(VENV)]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return
        # Debian leaves ensurepip out of python3: make it without, and fetch pip.
        shutil.rmtree(VENV, ignore_errors=True)
        failure = "The virtual environment could not be created"
        run_logged([*command, "--without-pip"], log_file, failure=failure)
        install_pip(PYTHON)


def _install(name: str, log_file: Path) -> None:
    total = sum(1 for line in (ROOT / name).read_text().splitlines() if "==" in line)
    run_logged(
        [*_INSTALL, "--requirement", name],
        log_file,
        failure="The packages could not be installed",
        on_line=_progress(total),
    )


def _progress(total: int) -> Callable[[str], None]:
    """Print at every quarter how many of ``total`` packages pip has fetched."""
    fetched = 0

    def on_line(line: str) -> None:
        nonlocal fetched
        if line.startswith(_ONE_PACKAGE):
            fetched += 1
            if fetched % max(1, total // 4) == 0:
                report(f"    {fetched} of {total} packages")
        elif line.startswith("Installing collected packages"):
            report("    unpacking")

    return on_line


def _install_torch(log_file: Path) -> None:
    pin = next(
        line for line in (ROOT / BASE).read_text().splitlines() if line.startswith("torch==")
    )
    if not _has_nvidia_gpu():
        index = setting("TORCH_CPU_INDEX_URL", _TORCH_CPU_INDEX_URL)
        quick = ["--timeout", "10", "--retries", "1", "--index-url", index]
        try:
            run_logged([*_INSTALL, *quick, f"{pin}+cpu"], log_file, failure="PyTorch's CPU build")
        except LauncherError:
            report("    PyTorch's CPU build cannot be reached: taking the release on PyPI")
        else:
            return
    # With its dependencies: the release on PyPI needs CUDA's libraries. The others of them that are
    # pinned are put right by what follows.
    command = [part for part in _INSTALL if part != "--no-deps"]
    run_logged([*command, pin], log_file, failure="PyTorch could not be installed")


def _has_nvidia_gpu() -> bool:
    return Path("/proc/driver/nvidia/version").exists()
