"""Starts ``provider.mjs``, whose packages npm installs beside it the first time."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@contextmanager
def running_provider(redirect_uri: str, after_logout: str) -> Iterator[str]:
    """The issuer's URL; skips the test, saying why, where there is no npm."""
    _install()
    node = subprocess.Popen(
        ["node", "provider.mjs", redirect_uri, after_logout],
        cwd=HERE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert node.stdout
        issuer = node.stdout.readline().strip()
        assert issuer.startswith("http://"), "oidc-provider did not start"
        yield issuer
    finally:
        node.terminate()
        node.wait(timeout=10)


def _install() -> None:
    if (HERE / "node_modules" / "oidc-provider").is_dir():
        return
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("not installed: apt-get install npm")
    command = [npm, "ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"]
    ended = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        pytest.skip(f"oidc-provider could not be installed: {ended.stderr.strip()[-200:]}")
