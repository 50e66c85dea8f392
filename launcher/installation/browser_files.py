"""What browsers load: files copied out of npm's packages, and a bundle of our own for each page.

``package.json`` names the copies under ``ragapp.vendor``: ``{"destination": "glob in
node_modules"}``, a destination ending in ``/`` being a folder of ``static/vendor``. The bundles are
made by ``bundle.mjs`` (docs/decisions/022-bundles.md).
"""

import json
import shutil
from pathlib import Path

from launcher.errors import LauncherError
from launcher.installation.node_packages import (
    LOCK,
    NODE_MODULES,
    PACKAGE,
    ensure_node_packages,
    node,
)
from launcher.installation.stamps import fingerprint, is_fresh, write_stamp
from launcher.processes.tools import run_logged
from launcher.progress import step
from launcher.project import ROOT

_STATIC = ROOT / "static"
_VENDOR = _STATIC / "vendor"
_BUILT = _STATIC / "built"
_BUNDLER = ROOT / "launcher" / "installation" / "bundle.mjs"


def ensure_browser_files(log_file: Path) -> None:
    """Make ``static/vendor`` and ``static/built`` unless they are up to date.

    Raises LauncherError when npm or the bundler fails.
    """
    _ensure_vendor_files(log_file)
    _ensure_bundles(log_file)


def _ensure_vendor_files(log_file: Path) -> None:
    digest = fingerprint([PACKAGE, LOCK])
    if is_fresh(_VENDOR / ".stamp", digest):
        return
    ensure_node_packages(log_file)
    copy_vendor_files(json.loads(PACKAGE.read_text())["ragapp"]["vendor"], NODE_MODULES, _VENDOR)
    write_stamp(_VENDOR / ".stamp", digest)


def _ensure_bundles(log_file: Path) -> None:
    sources = [*_STATIC.glob("js/**/*.js"), *_STATIC.glob("css/**/*.css")]
    digest = fingerprint([PACKAGE, LOCK, _BUNDLER, *sources])
    if is_fresh(_BUILT / ".stamp", digest):
        return
    ensure_node_packages(log_file)
    with step("Bundling scripts and style sheets"):
        draft = _BUILT.with_name("built.partial")
        shutil.rmtree(draft, ignore_errors=True)
        run_logged(
            [node(log_file), str(_BUNDLER), str(draft)],
            log_file,
            failure="Scripts and style sheets could not be bundled",
        )
        _replace(_BUILT, draft)
        write_stamp(_BUILT / ".stamp", digest)


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
    _replace(target, draft)


def _replace(target: Path, draft: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    draft.rename(target)
