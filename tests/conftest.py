"""Fixtures for all tests: a real PostgreSQL whose row security is in force, and the cast.

The test database is created and migrated by the ``owner`` alias; the tests then use it through
``default``, the application's role, which neither owns the tables nor bypasses row security. Each
session has a database of its own (``RAGAPP_TEST_DB`` names it), so that sessions may overlap.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import SyncToAsync
from django.core.cache import cache
from django.db import connections
from django.test import AsyncClient, Client, TransactionTestCase

from inference import catalogue_rows
from people.models import User
from tests.cast import Cast, make_cast
from tests.fixtures import network
from tests.fixtures.database import DatabaseSwitch
from tests.fixtures.own_database import create_database, drop_database, empty_tables

pytest_plugins = [
    "tests.fixtures.models",
    "tests.fixtures.subjects",
    "tests.fixtures.llm",
    "tests.fixtures.corpus",
    "tests.fixtures.slurm",
    "tests.fixtures.stack",
    "tests.fixtures.log",
    "tests.fixtures.round_trips",
    "tests.fixtures.traces",
]


@pytest.fixture(autouse=True, scope="session")
def only_loopback() -> Iterator[None]:
    """Block connections to other machines."""
    with network.only_loopback():
        yield


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: Any, django_db_keepdb: bool
) -> Iterator[None]:
    """Create the database as its owner, then point the application's role at it."""
    name = os.environ.get("RAGAPP_TEST_DB", f"test_ragapp_{os.getpid()}")
    default, real_name = connections["default"], connections["owner"].settings_dict["NAME"]
    with django_db_blocker.unblock():
        create_database(name, keep=django_db_keepdb)
        default.settings_dict["NAME"] = name
        # Django's flush also creates permissions and content types anew.
        TransactionTestCase._fixture_teardown = lambda _test: empty_tables()
    yield
    with django_db_blocker.unblock():
        connections.close_all()
        default.close_pool()
        if not django_db_keepdb:
            drop_database(name, real_name)


@pytest.fixture
def database(transactional_db: None) -> Iterator[DatabaseSwitch]:
    """``database.cut()`` makes it unreachable; it is restored after the test."""
    switch = DatabaseSwitch(str(connections["default"].settings_dict["NAME"]))
    yield switch
    switch.restore()
    # The sessions of this thread were ended too, and of the one in which async tests query.
    connections.close_all()
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()


@pytest.fixture(autouse=True)
def isolated_settings(settings: Any, tmp_path: Path) -> None:
    """English, files in the test's directory, one web process, quick passwords."""
    # Tests read the msgids, whether or not the catalogues are compiled.
    settings.LANGUAGE_CODE = "en"
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.STATIC_ROOT = tmp_path
    settings.AUDIT_CHECKPOINT_FILE = tmp_path / "audit-checkpoint.json"
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    settings.WEB_PROCESSES = 1
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    # The process remembers the version of the cache for a moment.
    catalogue_rows.forget()


@pytest.fixture
def cast(db: None) -> Cast:
    """An instance with its owner (an administrator), an editor, a teammate, and a stranger."""
    return make_cast()


@pytest.fixture
def client_for() -> Callable[[User], Client]:
    """``client_for(user)``: a test client with that person logged in."""

    def login(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return login


@pytest.fixture
def async_client_for() -> Callable[[User], AsyncClient]:
    """``async_client_for(user)``: the same for async views; needs ``django_db(transaction=True)``.

    Call it from a synchronous fixture or through ``sync_to_async``.
    """

    def login(user: User) -> AsyncClient:
        client = AsyncClient()
        client.force_login(user)
        return client

    return login
