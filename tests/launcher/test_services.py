"""The embedded PostgreSQL and Valkey, for real."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from launcher.configuration.credentials import load_credentials
from launcher.configuration.data_dir import DataDir, open_data_dir
from launcher.errors import LauncherError
from launcher.processes.process import processes_of, sweep
from launcher.services import postgres
from launcher.services.embedded import running_services, service_environment
from tests.launcher.conftest import kill_all


@pytest.fixture
def env(data: DataDir) -> dict[str, str]:
    return service_environment(data, load_credentials(data))


@pytest.fixture
def private_place(tmp_path: Path) -> Iterator[DataDir]:
    """Where only we may pass, as in /root, and too deep for the path of a socket."""
    tmp_path.chmod(0o700)
    data = open_data_dir(tmp_path / ("deep" * 25) / "var")
    yield data
    sweep(data)
    shutil.rmtree(data.sockets, ignore_errors=True)


@pytest.mark.usefixtures("nothing_left")
def test_application_role_owns_nothing_and_cannot_bypass_row_security(
    data: DataDir, env: dict[str, str]
) -> None:
    with running_services(data, load_credentials(data)):
        with psycopg.connect(env["DATABASE_OWNER_URL"]) as owner:
            owner.execute("CREATE TABLE t (id int, v vector(3))")
        with psycopg.connect(env["DATABASE_URL"]) as app:
            app.execute("INSERT INTO t VALUES (1, '[1,2,3]')")
            extensions = app.execute("SELECT extname FROM pg_extension").fetchall()
            rights = app.execute(
                "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles"
                " WHERE rolname IN ('ragapp_app', 'ragapp_owner')"
            ).fetchall()
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute("DROP TABLE t")
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(env["DATABASE_URL"], password="guess")

    assert {"vector", "pg_trgm", "unaccent"} <= {name for (name,) in extensions}
    assert rights == [(False, False, False, False)] * 2


@pytest.mark.usefixtures("nothing_left")
def test_data_survives_a_stop(data: DataDir, env: dict[str, str]) -> None:
    credentials = load_credentials(data)
    broker = redis.Redis(unix_socket_path=str(data.sockets / "valkey.sock"))
    with running_services(data, credentials):
        with psycopg.connect(env["DATABASE_OWNER_URL"]) as owner:
            owner.execute("CREATE TABLE t AS SELECT 42 AS n")
        broker.set("key", "value")
    with running_services(data, credentials):
        with psycopg.connect(env["DATABASE_URL"]) as app:
            assert app.execute("SELECT n FROM t").fetchone() == (42,)
        assert broker.get("key") == b"value"


@pytest.mark.crash
@pytest.mark.usefixtures("nothing_left")
def test_a_start_succeeds_after_everything_was_killed(data: DataDir, env: dict[str, str]) -> None:
    credentials = load_credentials(data)
    with running_services(data, credentials):
        with psycopg.connect(env["DATABASE_OWNER_URL"]) as owner:
            owner.execute("CREATE TABLE t AS SELECT 42 AS n")
        kill_all(processes_of(data))
    # As if their process ids had been taken by others meanwhile.
    for lock in (data.postgres / "postmaster.pid", data.sockets / ".s.PGSQL.5432.lock"):
        lock.write_text(re.sub(r"^\d+", str(os.getppid()), lock.read_text()))

    with running_services(data, credentials), psycopg.connect(env["DATABASE_URL"]) as app:
        assert app.execute("SELECT n FROM t").fetchone() == (42,)


def test_interrupted_creation_starts_again(data: DataDir, env: dict[str, str]) -> None:
    half = data.postgres.with_suffix(".partial")
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")

    with running_services(data, load_credentials(data)), psycopg.connect(env["DATABASE_URL"]):
        assert not half.exists()


def test_a_database_of_another_version_is_refused(data: DataDir) -> None:
    data.postgres.mkdir()
    (data.postgres / "PG_VERSION").write_text("15\n")

    with pytest.raises(LauncherError, match="written by PostgreSQL 15"):
        postgres.initialise(data, load_credentials(data))


def test_database_runs_in_a_directory_closed_to_other_users(private_place: DataDir) -> None:
    credentials = load_credentials(private_place)
    url = service_environment(private_place, credentials)["DATABASE_URL"]

    with running_services(private_place, credentials), psycopg.connect(url) as app:
        assert app.execute("SELECT current_user").fetchone() == ("ragapp_app",)
    assert processes_of(private_place) == []
