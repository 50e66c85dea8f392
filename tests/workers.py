"""What must differ between the processes among which ``./test`` shares the work (pytest-xdist).

Loaded by ``-p`` before the settings are read. Each process makes a database of its own anyway
(``tests.conftest``); a cache of its own is a database of its own in Valkey.
"""

import os
from pathlib import Path

import pytest

# Where tests share what is dear to start, or listens at a place of its own: one process runs them.
_TOGETHER = ("accounts/saml/", "browser/", "crash/", "oidc/")
_HERE = Path(__file__).parent

_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if _worker and (url := os.environ.get("CACHE_URL", "")):
    # Databases 0 and 1 are the broker's and a lone process's.
    number = 2 + int(_worker.removeprefix("gw"))
    os.environ["CACHE_URL"] = f"{url.partition('?')[0]}?db={number}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file, or of a folder, in one process."""
    for item in items:
        path = item.path.relative_to(_HERE).as_posix()
        together = next((folder for folder in _TOGETHER if path.startswith(folder)), path)
        item.add_marker(pytest.mark.xdist_group(together))
