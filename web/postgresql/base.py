"""Django's PostgreSQL backend, with a pool that recovers at once from an outage.

psycopg's own check of a connection that leaves the pool waits a second after the first dead one,
then two, four…: with five idle connections, all dead after a restart of the server, a query failed.
"""

from typing import Any

from django.db.backends.postgresql import base
from psycopg import OperationalError
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    """Its pool has no check of its own (``CONN_HEALTH_CHECKS`` is false)."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection of the pool that works; dead ones are discarded."""
        while True:
            connection = super().get_new_connection(conn_params)
            if not self.pool:
                return connection
            try:
                ConnectionPool.check_connection(connection)
            except OperationalError:
                self.pool.putconn(connection)
            else:
                return connection
