"""PostgreSQL and Valkey together: for ``./manage``, for ``./test``, and for development."""

import contextlib
from collections.abc import Iterator

from launcher.configuration.credentials import Credentials
from launcher.configuration.data_dir import DataDir
from launcher.processes.process import Process, sweep
from launcher.services import postgres, valkey


def service_environment(data: DataDir, credentials: Credentials) -> dict[str, str]:
    """Return the variables by which the application reaches the embedded services."""
    return {
        "DATABASE_URL": postgres.database_url(data, "ragapp_app", credentials.app_password),
        "DATABASE_OWNER_URL": postgres.database_url(
            data, "ragapp_owner", credentials.owner_password
        ),
        "CELERY_BROKER_URL": valkey.broker_url(data),
        "CACHE_URL": valkey.cache_url(data),
    }


def superuser_url(data: DataDir, credentials: Credentials) -> str:
    """Return the URL of the embedded database for its superuser."""
    return postgres.database_url(data, "postgres", credentials.superuser_password)


@contextlib.contextmanager
def running_services(
    data: DataDir, credentials: Credentials, *, for_tests: bool = False
) -> Iterator[None]:
    """Run PostgreSQL and Valkey during a ``with`` block, which begins when both are ready.

    With ``for_tests`` the owner may create and empty databases, and nothing is flushed to disk.
    The caller holds the lock of the data directory.
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
            postgres.run_sql(data, credentials, postgres.TEST_ROLES_SQL.read_text())
        yield
