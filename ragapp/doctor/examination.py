"""All checks in their order: a part that does not answer does not keep the others from it."""

from collections.abc import Callable, Iterator

from django.db import DatabaseError, connection
from redis.exceptions import RedisError

from ragapp.doctor import configuration, database, files, logins, model_servers, processes
from ragapp.doctor.findings import Finding, failed
from ragapp.health.readiness import FAILURES

Check = Callable[[], Iterator[Finding]]

_ALONE: dict[str, Check] = {
    "cache": processes.shared_cache,
    "workers": processes.workers,
    "beat": processes.beat,
    "embedding model": model_servers.embedding,
    "files": files.storage,
    "disks": files.disks,
    "SAML keys": logins.keys,
    "secrets": configuration.secrets,
    "HTTPS": configuration.https,
    "mail": configuration.mail,
    "checks": configuration.deployment,
}
_IN_DATABASE: dict[str, Check] = {
    "PostgreSQL": database.server,
    "row security": database.row_security,
    "migrations": database.migrations,
    "clock": database.clock,
    "backends": model_servers.backends,
    "identity providers": logins.single_providers,
    "feeds": logins.feeds,
    "audit log": configuration.audit_log,
}


def examine() -> Iterator[Finding]:
    """Yield what is found of each part, as soon as it is known."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        yield failed(
            "PostgreSQL",
            f"cannot be reached: {_line(error)}",
            "Start it, or correct DATABASE_URL; what it holds was not examined.",
        )
    else:
        yield from _examine(_IN_DATABASE)
    yield from _examine(_ALONE)


def _examine(checks: dict[str, Check]) -> Iterator[Finding]:
    for part, check in checks.items():
        try:
            yield from check()
        except (*FAILURES, RedisError) as error:
            yield failed(part, f"cannot be examined: {_line(error)}", "Look at its log.")


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
