"""The tenant of the current transaction, as PostgreSQL row security sees it.

Every tenant table has a forced row-security policy (``instances.row_security``) that compares its
rows with settings local to one transaction:

- ``ragapp.instance``: rows of that instance are visible and writable;
- ``ragapp.user``: one's own memberships and records of usage are visible, in any instance;
- ``ragapp.key``: the API key or invitation with that digest is visible, before its instance is
  known;
- ``ragapp.organisation``: memberships, rules and keys of that organisation's instances are visible
  and writable, documents and conversations are not;
- ``ragapp.operator``: the whole audit log is visible.

Without a setting a query returns nothing and an insert is refused.
"""

import asyncio
import contextvars
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar, cast

from django.db import connection, transaction

from instances.models import Instance, Organisation
from web.postgresql.base import DatabaseWrapper

P = ParamSpec("P")
R = TypeVar("R")

# Threads for the database work of async code. Their number limits the connections in use by
# answers; the connection pool has the same size (settings.DATABASE_POOL_SIZE).
_executor = ThreadPoolExecutor(max_workers=8, thread_name_prefix="database")


@contextmanager
def _setting(name: str, value: str, *, is_durable: bool = True) -> Iterator[str]:
    """Run a transaction with a local setting; yield the previous value."""
    if connection.in_atomic_block:
        with _setting_of_savepoint(name, value) as before:
            yield before
        return
    # The end of the transaction resets the setting.
    database = cast(DatabaseWrapper, connection)
    with transaction.atomic(), database.local_setting(name, value, is_durable=is_durable):
        yield ""


@contextmanager
def _setting_of_savepoint(name: str, value: str) -> Iterator[str]:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting(%s, true), set_config(%s, %s, true)", [name, name, value]
            )
            before = cursor.fetchone()[0] or ""
        yield before
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config(%s, %s, true)", [name, before])


@contextmanager
def tenant(instance: Instance | int, *, is_durable: bool = True) -> Iterator[None]:
    """Run a transaction in which only the rows of ``instance`` are visible and writable.

    May be nested for the same instance; raises RuntimeError inside that of another instance. One
    that is not durable ends without waiting for the disk (``DatabaseWrapper.local_setting``).
    """
    instance_id = str(instance if isinstance(instance, int) else instance.pk)
    with _setting("ragapp.instance", instance_id, is_durable=is_durable) as outer:
        if outer not in ("", instance_id):
            raise RuntimeError("a transaction belongs to one instance")
        yield


@contextmanager
def as_user(user_id: int) -> Iterator[None]:
    """Run a transaction in which a person's memberships and usage are visible, in any instance."""
    with _setting("ragapp.user", str(user_id)):
        yield


@contextmanager
def as_key(digest: str) -> Iterator[None]:
    """Run a transaction in which the API key or invitation with this digest is visible."""
    with _setting("ragapp.key", digest):
        yield


@contextmanager
def administering(organisation: Organisation | int) -> Iterator[None]:
    """Run a transaction in which the rights in all instances of ``organisation`` are visible.

    Memberships, access rules, invitations, keys and the audit log; no documents or conversations.
    """
    pk = organisation if isinstance(organisation, int) else organisation.pk
    with _setting("ragapp.organisation", str(pk)):
        yield


@contextmanager
def overseeing() -> Iterator[None]:
    """Run a transaction in which the whole audit log is visible, for operators."""
    with _setting("ragapp.operator", "on"):
        yield


async def in_database(function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Await ``function`` in a thread, then return its connection to the pool.

    Async code accesses the database only through this function, so that no connection is held while
    a model generates or a stream is idle.
    """

    def call() -> R:
        try:
            return function(*args, **kwargs)
        finally:
            connection.close()

    # Without asgiref, which would also carry changed context variables back; no function has any.
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(_executor, context.run, call)


async def in_tenant(
    instance: Instance | int, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
) -> R:
    """Await ``function`` inside ``tenant(instance)``, as ``in_database`` does."""

    def call() -> R:
        with tenant(instance):
            return function(*args, **kwargs)

    return await in_database(call)
