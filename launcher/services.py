"""PostgreSQL and Valkey together: for ``./manage`` and ``./test``, and alone for development.

    python -m launcher.services --data-dir /tmp/x

prints the environment of the application as shell exports, then serves until Ctrl-C.
"""

import argparse
import contextlib
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from . import postgres, valkey
from .credentials import Credentials, load_credentials
from .data_dir import DataDir, locked, open_data_dir
from .process import Process, sweep


def service_environment(data: DataDir, credentials: Credentials) -> dict[str, str]:
    """The variables by which the application reaches the embedded services."""
    return {
        "DATABASE_URL": postgres.database_url(data, "ragapp_app", credentials.app_password),
        "DATABASE_OWNER_URL": postgres.database_url(
            data, "ragapp_owner", credentials.owner_password
        ),
        "CELERY_BROKER_URL": valkey.broker_url(data),
        "CACHE_URL": valkey.cache_url(data),
    }


@contextlib.contextmanager
def running_services(
    data: DataDir, credentials: Credentials, *, for_tests: bool = False
) -> Iterator[None]:
    """PostgreSQL and Valkey, ready, for the time of a ``with`` block.

    ``for_tests``: the owner may create databases, and nothing is flushed to disk. The caller holds
    the data directory.
    """
    sweep(data)
    postgres.initialise(data, credentials)
    postgres.forget_dead_server(data)
    with contextlib.ExitStack() as stack:
        for program in (postgres.program(data, durable=not for_tests), valkey.program(data)):
            process = Process(program, data)
            stack.callback(process.stop)
            process.wait_ready()
        postgres.prepare_database(data, credentials)
        if for_tests:
            postgres.run_sql(data, credentials, "ALTER ROLE ragapp_owner CREATEDB;")
        yield


def main(arguments: list[str] | None = None) -> None:
    """Serve in the foreground for development."""
    parser = argparse.ArgumentParser(description="PostgreSQL and Valkey for development.")
    parser.add_argument("--data-dir", type=Path, required=True)
    data = open_data_dir(parser.parse_args(arguments).data_dir)
    credentials = load_credentials(data)
    environment = {"DATA_DIR": str(data.root), "SECRET_KEY": credentials.secret_key}
    environment |= service_environment(data, credentials)
    with locked(data, "run"), running_services(data, credentials, for_tests=True):
        for name, value in environment.items():
            print(f"export {name}={shlex.quote(value)}")
        sys.stdout.flush()
        stop = {signal.SIGINT, signal.SIGTERM}
        signal.pthread_sigmask(signal.SIG_BLOCK, stop)
        signal.sigwait(stop)


if __name__ == "__main__":
    main()
