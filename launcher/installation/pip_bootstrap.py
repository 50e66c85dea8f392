"""pip for a virtual environment made without it, fetched from the index and checked by hash."""

import hashlib
import json
import subprocess
import tempfile
import urllib.request
from pathlib import Path

from launcher.configuration.operator_settings import setting
from launcher.errors import LauncherError

_PIP_WHEEL = "pip-25.3-py3-none-any.whl"
_INDEX_URL = "https://pypi.org/simple"
_TIMEOUT_S = 30


def install_pip(python: Path) -> None:
    """Install pip into ``python``'s virtual environment.

    Raises LauncherError, naming the package that brings it, when the index cannot be reached.
    """
    with tempfile.TemporaryDirectory() as temporary:
        wheel = Path(temporary, _PIP_WHEEL)
        try:
            wheel.write_bytes(_download())
        except (OSError, ValueError, LookupError, StopIteration) as error:
            raise LauncherError(
                "Python has no pip here, and it cannot be fetched: sudo apt-get install "
                "python3-venv, then start again."
            ) from error
        # A wheel is a zip file: pip runs from its own.
        command = [str(python), str(wheel / "pip"), "install", "--no-index", "--quiet", str(wheel)]
        subprocess.run(command, check=True, capture_output=True)


def _download() -> bytes:
    """Return the bytes of pip's wheel (Simple repository API, PEP 691)."""
    index = setting("PIP_INDEX_URL", _INDEX_URL).rstrip("/")
    # S310: the address is the operator's index, and what comes is checked against its hash.
    request = urllib.request.Request(  # noqa: S310
        f"{index}/pip/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    )
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:  # noqa: S310
        files = json.load(response)["files"]
    found = next(file for file in files if file["filename"] == _PIP_WHEEL)
    with urllib.request.urlopen(found["url"], timeout=_TIMEOUT_S) as response:  # noqa: S310
        content: bytes = response.read()
    if hashlib.sha256(content).hexdigest() != found["hashes"]["sha256"]:
        raise ValueError(f"{_PIP_WHEEL} does not have the hash that the index gives")
    return content
