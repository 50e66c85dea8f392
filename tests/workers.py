"""What must differ between the processes among which ``./test`` shares the work (pytest-xdist).

Loaded by ``-p`` before the settings are read. Each process makes a database of its own anyway
(``tests.conftest``); its broker and its cache are databases of their own in Valkey.
"""

import os
from pathlib import Path

import pytest

# Tests that start whole programs, build static files or install npm packages: one process runs
# them all, one after the other, while the others do the rest.
_WHOLE_PROGRAMS = ("accounts/saml/", "browser/", "crash/", "launcher/", "oidc/")
_HERE = Path(__file__).parent


def _separate(worker: str) -> None:
    """Give this process databases of Valkey; 0 and 1 are those of a process that works alone."""
    number = 2 + 2 * int(worker.removeprefix("gw"))
    for name, argument, database in (
        ("CELERY_BROKER_URL", "virtual_host", number),
        ("CACHE_URL", "db", number + 1),
    ):
        if url := os.environ.get(name, ""):
            os.environ[name] = f"{url.partition('?')[0]}?{argument}={database}"


if _worker := os.environ.get("PYTEST_XDIST_WORKER", ""):
    _separate(_worker)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file in one process."""
    for item in items:
        path = item.path.relative_to(_HERE).as_posix()
        group = "whole programs" if path.startswith(_WHOLE_PROGRAMS) else path
        item.add_marker(pytest.mark.xdist_group(group))
