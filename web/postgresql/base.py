"""Django's PostgreSQL backend: an outage of the server, prepared statements, local settings.

psycopg's own check of a connection that leaves the pool waits a second after the first dead one,
then two, four…: with five idle connections, all dead after a restart of the server, a query failed.
It also sends an empty query each time. A server that ends closes its connections, which is seen
without asking it; so the query is sent only to a connection that has rested for a while.
"""

import itertools
import re
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.db.backends.postgresql import base
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.backends.utils import CursorWrapper
from psycopg._queries import PostgresQuery, _query2pg_nocache
from psycopg.pq import Escaping, ExecStatus, TransactionStatus
from psycopg_pool import ConnectionPool

# After this time in the pool, a connection is asked: a network may have lost it silently.
_TRUSTED_S = 5.0

# When each connection of a pool was last given back.
_given_back: WeakKeyDictionary[psycopg.Connection[Any], float] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class _Beginning:
    """What the first statement of a transaction brings along: a local setting ("": none).

    The end of one that is not durable is not waited for until it is on the disk.
    """

    name: str = ""
    value: str = ""
    is_durable: bool = True


# Connections in a transaction of Django.
_transactions: WeakKeyDictionary[psycopg.Connection[Any], _Beginning] = WeakKeyDictionary()
_NO_SETTING = _Beginning()


class _InTransaction:
    """A cursor whose first statement in a transaction is preceded by its beginning and setting.

    psycopg would send the two apart, each as a query of its own.
    """

    connection: psycopg.Connection[Any]

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        """As in psycopg."""
        if _must_begin(self.connection):
            _begin(self.connection)
        return super().execute(query, params, **options)  # type: ignore[misc]  # of psycopg

    def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
        """As in psycopg."""
        if _must_begin(self.connection):
            _begin(self.connection)
        super().executemany(query, params_seq, **options)  # type: ignore[misc]  # of psycopg


class _Cursor(_InTransaction, base.Cursor):
    """The cursor of all queries that Django writes."""


class _KnownQuery(PostgresQuery):
    """A statement whose placeholders are found once, also if it is long or has many.

    psycopg would look for them at each use of a statement of more than 4,096 bytes.
    """

    __slots__ = ()

    def convert(self, query: Any, vars: Any) -> None:  # psycopg's name
        """As in psycopg."""
        found = _with_placeholders(self._ensure_bytes(query), self._tx.encoding)
        self.query, self._want_formats, self._order, self._parts = found
        self.dump(vars)


_with_placeholders = lru_cache(maxsize=256)(_query2pg_nocache)


class _PreparedCursor(_InTransaction, base.ServerBindingCursor):
    """Sends a statement apart from its parameters: PostgreSQL plans it once a connection."""

    _query_cls = _KnownQuery

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        """As in psycopg; prepares the statement (``DATABASE_PREPARED_STATEMENTS``)."""
        return super().execute(query, params, prepare=True, **options)


class _NumberedCursor(_InTransaction, base.CursorMixin, psycopg.RawCursor):
    """As ``_PreparedCursor``, for statements with more parameters than psycopg remembers.

    It would look for their places anew each time: half a millisecond for three rows of fifty.
    """

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        """As in psycopg, with the places of parameters as Django writes them: ``%s``."""
        return super().execute(_numbered(query), params, prepare=True, **options)


@lru_cache(maxsize=100)
def _numbered(query: str) -> str:
    """Return a statement with its parameters as PostgreSQL names them: ``$1``."""
    numbers = itertools.count(1)
    return re.sub("%[%s]", lambda place: "%" if place[0] == "%%" else f"${next(numbers)}", query)


class _Operations(DatabaseOperations):
    def last_executed_query(self, cursor: Any, sql: Any, params: Any) -> str:
        """Return a query for logs and tests; psycopg keeps only those with their values in them."""
        executed: str | None = super().last_executed_query(cursor, sql, params)
        return executed or f"{sql} {params}"


class DatabaseWrapper(base.DatabaseWrapper):
    """Its pool has no check of its own (``CONN_HEALTH_CHECKS`` is false)."""

    ops_class = _Operations

    def get_connection_params(self) -> dict[str, Any]:
        """As in Django, with our cursor."""
        return super().get_connection_params() | {"cursor_factory": _Cursor}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection of the pool that works; dead ones are discarded."""
        while True:
            connection = super().get_new_connection(conn_params)
            if not self.pool or _is_trusted(connection):
                return connection
            try:
                ConnectionPool.check_connection(connection)
            except psycopg.OperationalError:
                self.pool.putconn(connection)
            else:
                return connection

    @contextmanager
    def local_setting(self, name: str, value: str, *, is_durable: bool = True) -> Iterator[None]:
        """Let the first statement of a block, a transaction, bring a local setting along.

        A block without statements sends nothing, not even the beginning of the transaction. What
        is not durable may be lost if the server or the machine fails within a second after it,
        never if a client does.
        """
        connection = self.connection
        _transactions[connection] = _Beginning(name, value, is_durable)
        try:
            yield
        finally:
            # The block has ended, or its connection was closed in it.
            if connection in _transactions:
                _transactions[connection] = _NO_SETTING

    def prepared_cursor(self, *, has_many_parameters: bool = False) -> CursorWrapper:
        """Return a cursor for statements that many requests send (``web.postgresql.prepared``).

        With ``has_many_parameters``, these are a list.
        """
        self.ensure_connection()
        kind: Any = _NumberedCursor if has_many_parameters else _PreparedCursor
        with self.wrap_database_errors:
            cursor: CursorWrapper = self._prepare_cursor(  # type: ignore[attr-defined]  # private
                kind(self.connection)
            )
        return cursor

    def create_cursor(self, name: str | None = None) -> Any:
        """As in Django; cursors of the server are of another class."""
        if name and _must_begin(self.connection):
            _begin(self.connection)
        return super().create_cursor(name)

    def _set_autocommit(self, autocommit: bool) -> None:
        """Note that a transaction begins, or has ended; psycopg itself begins none."""
        if autocommit:
            _transactions.pop(self.connection, None)
        else:
            _transactions[self.connection] = _NO_SETTING
        if not self.connection.autocommit:
            with self.wrap_database_errors:
                self.connection.autocommit = True

    def _close(self) -> None:
        if self.connection is not None:
            _transactions.pop(self.connection, None)
            if self.pool:
                _given_back[self.connection] = time.monotonic()
        super()._close()  # type: ignore[misc]  # private


def _must_begin(connection: psycopg.Connection[Any]) -> bool:
    """Whether Django has begun a transaction of which the server does not know yet."""
    is_idle = connection.pgconn.transaction_status == TransactionStatus.IDLE
    return is_idle and connection in _transactions


def _begin(connection: psycopg.Connection[Any]) -> None:
    """Begin a transaction with its setting, in one round trip."""
    beginning = _transactions[connection]
    statement = b"BEGIN"
    if beginning.name:
        _transactions[connection] = _NO_SETTING
        literal = Escaping(connection.pgconn).escape_literal
        setting = literal(beginning.name.encode()), literal(beginning.value.encode())
        statement += b"; SELECT set_config(%s, %s, true)" % setting
    if not beginning.is_durable:
        statement += b"; SET LOCAL synchronous_commit TO off"
    result = connection.pgconn.exec_(statement)
    if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
        raise psycopg.OperationalError(connection.pgconn.get_error_message())


def _is_trusted(connection: psycopg.Connection[Any]) -> bool:
    """Whether a connection was used a moment ago, and its server has sent nothing since."""
    last_use = _given_back.get(connection)
    if last_use is None or time.monotonic() - last_use > _TRUSTED_S:
        return False
    # The end of the connection can be read, as can a message that announces it.
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)
