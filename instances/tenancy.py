"""The tenant of the current transaction, as PostgreSQL row security sees it.

Every tenant table has a forced row-security policy (``instances.row_security``) that compares its
rows with settings local to one transaction:

- ``ragapp.instance``: rows of that instance are visible and writable;
- ``ragapp.user``: one's own memberships are visible, in any instance;
- ``ragapp.key``: the API key with that digest is visible, before its instance is known.

Without a setting a query returns nothing and an insert is refused.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import connection, transaction

from instances.models import Instance

P = ParamSpec("P")
R = TypeVar("R")

# Database work of async code. Its size bounds how many connections answers can take at once; the
# pool behind it is as large (settings.DATABASE_POOL_SIZE).
_executor = ThreadPoolExecutor(max_workers=8, thread_name_prefix="database")


def _set_local(name: str, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [name, value])


@contextmanager
def tenant(instance: Instance | int) -> Iterator[None]:
    """Run a transaction in which the rows of ``instance``, and of no other, exist.

    May be nested for one and the same instance; another instance inside is a programming error.
    """
    instance_id = instance if isinstance(instance, int) else instance.pk
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('ragapp.instance', true)")
            outer = cursor.fetchone()[0]
        if outer and outer != str(instance_id):
            raise RuntimeError("a transaction belongs to one instance")
        if not outer:
            _set_local("ragapp.instance", str(instance_id))
        yield
        if not outer:
            # A transaction that goes on outside (a test's, say) leaves the tenant here.
            _set_local("ragapp.instance", "")


@contextmanager
def as_user(user_id: int) -> Iterator[None]:
    """Run a transaction in which the memberships of one person are visible, in any instance."""
    with transaction.atomic():
        _set_local("ragapp.user", str(user_id))
        yield
        _set_local("ragapp.user", "")


@contextmanager
def as_key(digest: str) -> Iterator[None]:
    """Run a transaction in which the API key with this digest is visible."""
    with transaction.atomic():
        _set_local("ragapp.key", digest)
        yield
        _set_local("ragapp.key", "")


async def in_database(function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Await ``function`` in a thread, and give its connection back to the pool at once.

    Async code touches the database only through here, so that no connection is held while a
    model generates or a browser listens.
    """

    def call() -> R:
        try:
            return function(*args, **kwargs)
        finally:
            connection.close()

    return await sync_to_async(call, thread_sensitive=False, executor=_executor)()


async def in_tenant(
    instance: Instance | int, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
) -> R:
    """Await ``function`` inside ``tenant(instance)``, as ``in_database`` does."""

    def call() -> R:
        with tenant(instance):
            return function(*args, **kwargs)

    return await in_database(call)
