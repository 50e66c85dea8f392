"""PostgreSQL and Valkey together: for ``./manage`` and ``./test``, and alone for development.

    python -m ragapp.launcher.services --data-dir /tmp/x

prints the environment of the application as shell exports, then serves until Ctrl-C.
"""

import argparse
import contextlib
import shlex
import signal
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from . import postgres, valkey
from .credentials import Credentials, load_credentials
from .data_dir import DataDir, locked, open_data_dir
from .process import Process, sweep


def installed_packages() -> Path:
    """The site-packages directory of the running interpreter."""
    return Path(sysconfig.get_paths()["platlib"])


def service_environment(data: DataDir, credentials: Credentials) -> dict[str, str]:
    """The variables by which the application reaches the embedded services."""
    return {
        "DATA_DIR": str(data.root),
        "SECRET_KEY": credentials.secret_key,
        "DATABASE_URL": postgres.database_url(data, "ragapp_app", credentials.app_password),
        "DATABASE_OWNER_URL": postgres.database_url(
            data, "ragapp_owner", credentials.owner_password
        ),
        "CELERY_BROKER_URL": valkey.broker_url(data),
    }


@contextlib.contextmanager
def running_services(data: DataDir, packages: Path, *, for_tests: bool = False) -> Iterator[None]:
    """PostgreSQL and Valkey, ready, for the time of a ``with`` block.

    ``for_tests``: the owner may create databases, and nothing is flushed to disk. The caller holds
    the data directory's lock.
    """
    credentials = load_credentials(data)
    marker = str(data.root)
    sweep(marker)
    postgres.initialise(data, packages, credentials)
    postgres.remove_stale_pid_file(data)
    with contextlib.ExitStack() as stack:
        for program in (
            postgres.program(data, packages, durable=not for_tests),
            valkey.program(data, packages),
        ):
            process = Process(program, log_dir=data.log, marker=marker)
            stack.callback(process.stop)
            process.wait_ready()
        postgres.prepare_database(data, packages, credentials, may_create_databases=for_tests)
        yield


def main(arguments: list[str] | None = None) -> None:
    """Serve in the foreground for development."""
    parser = argparse.ArgumentParser(description="PostgreSQL and Valkey for development.")
    parser.add_argument("--data-dir", type=Path, required=True)
    data = open_data_dir(parser.parse_args(arguments).data_dir)
    with (
        locked(data, "run"),
        running_services(data, installed_packages(), for_tests=True),
    ):
        for name, value in service_environment(data, load_credentials(data)).items():
            print(f"export {name}={shlex.quote(value)}")
        sys.stdout.flush()
        stop = {signal.SIGINT, signal.SIGTERM}
        signal.pthread_sigmask(signal.SIG_BLOCK, stop)
        signal.sigwait(stop)


if __name__ == "__main__":
    main()
