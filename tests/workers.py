"""Separate resources for the processes among which ``./test`` distributes tests (pytest-xdist).

Loaded by ``-p`` before the settings are read. Each process makes a database of its own anyway
(``tests.conftest``); its broker and its cache are databases of their own in Valkey.
"""

import os
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# Tests that start programs, build static files or install npm packages: one process runs all of
# them, one after the other, while the other processes run the rest.
_WHOLE_PROGRAMS = (
    "tests/accounts/saml/",
    "tests/browser/",
    "tests/crash/",
    "tests/launcher/",
    "tests/accounts/oidc/",
)


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


class _ByFile(LoadScopeScheduling):
    """Keep the tests of a file in one process, and the tests of whole programs in one process."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "whole programs" if file.startswith(_WHOLE_PROGRAMS) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Share the work by file."""
    return _ByFile(config, log)
