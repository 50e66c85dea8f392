"""Cancels the queries of a request whose client has disconnected.

PostgreSQL does not notice that a client has disconnected. While a request that only reads is
served, each of its queries is registered here with its connection; when its client disconnects,
those that run are cancelled and no new one starts. Requests that write are completed, so that a
form is never processed in part; ``statement_timeout`` limits those.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import psycopg
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger(__name__)

# A cancellation that arrives before its query has no effect: it is sent again after this time.
_SENT_EVERY_S = 0.1
_TRIES = 50


class ClientLeft(OperationalError):
    """A query was not run, because the client has disconnected."""


class Client:
    """The client of a request, and the connections that run queries for it now."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._connections: list[psycopg.Connection[Any]] = []
        self._has_left = False

    @contextmanager
    def waiting_for(self, connection: psycopg.Connection[Any]) -> Iterator[None]:
        """Register a query for the time of a ``with`` block. Raises ClientLeft."""
        with self._changed:
            if self._has_left:
                raise ClientLeft("the client has left")
            self._connections.append(connection)
        try:
            yield
        finally:
            # Waits while a cancellation is sent: it must not reach the next user of the connection.
            with self._changed:
                self._connections.remove(connection)
                self._changed.notify_all()

    def leave(self) -> None:
        """Cancel the running queries and refuse new ones. Blocks until they end, at most 5 s."""
        with self._changed:
            self._has_left = True
            for _try in range(_TRIES):
                if not self._connections:
                    return
                for connection in self._connections:
                    _cancel(connection)
                self._changed.wait(_SENT_EVERY_S)
        logger.warning("a query of a client that left could not be cancelled")


_client: ContextVar[Client | None] = ContextVar("client", default=None)


@contextmanager
def serving(client: Client | None) -> Iterator[None]:
    """Register the queries of this context, and of threads and tasks it starts, with ``client``."""
    token = _client.set(client)
    try:
        yield
    finally:
        _client.reset(token)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Protect the queries of a ``with`` block from cancellation, such as records of usage."""
    with serving(None):
        yield


def register_queries(connection: BaseDatabaseWrapper, **_kwargs: Any) -> None:
    """Make a new connection register its queries (receiver of ``connection_created``)."""
    if _registered not in connection.execute_wrappers:
        connection.execute_wrappers.append(_registered)


def _registered(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    client = _client.get()
    if client is None:
        return execute(sql, params, many, context)
    with client.waiting_for(context["connection"].connection):
        return execute(sql, params, many, context)


def _cancel(connection: psycopg.Connection[Any]) -> None:
    try:
        connection.cancel_safe(timeout=2)
    except psycopg.Error as error:
        logger.warning("a query could not be cancelled: %s", error)
