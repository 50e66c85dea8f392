"""Sessions of the test's database beside Django's, and a database that goes away and comes back."""

import time
from collections.abc import Callable
from typing import Any

import psycopg
from django.db import connection, connections
from psycopg import sql

# Where one may stand while the test's database is away.
_BESIDE = "postgres"


class DatabaseSwitch:
    """Ends the sessions of the test's database and refuses new ones, for real."""

    def __init__(self, name: str) -> None:
        self._name = name

    def cut(self) -> None:
        """Take the database away."""
        self._allow(False)
        # The owner is no superuser everywhere; a role may always end its own sessions.
        for alias in ("default", "owner"):
            with connect(alias, dbname=_BESIDE) as other:
                other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = %s AND usename = current_user AND pid <> pg_backend_pid()",
                    [self._name],
                )

    def restore(self) -> None:
        """Bring it back."""
        self._allow(True)

    def _allow(self, allowed: bool) -> None:
        statement = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(
            sql.Identifier(self._name), sql.Literal(allowed)
        )
        with connect("owner", dbname=_BESIDE) as owner:
            owner.autocommit = True
            owner.execute(statement)


def connect(alias: str, **changed: str) -> psycopg.Connection:
    """Connect as Django's ``alias`` does, outside Django, with some parameters changed."""
    parameters = connections[alias].get_connection_params() | changed
    names = ("dbname", "host", "port", "user", "password")
    return psycopg.connect(**{key: parameters[key] for key in names if key in parameters})


def wait_until(condition: Callable[[], Any], timeout_s: float = 30.0) -> None:
    """Return once ``condition()`` is true; a bound for busy machines."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it has not come"
        time.sleep(0.02)


def is_anybody_waiting() -> bool:
    """Whether a session of this database waits for a lock of another one."""
    with connection.cursor() as cursor:
        # A transaction would go on seeing what it saw first.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock')"
        )
        return bool(cursor.fetchone()[0])
