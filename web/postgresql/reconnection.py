"""The pool's connections after an outage of PostgreSQL."""

from contextlib import suppress
from typing import Any

from psycopg_pool import ConnectionPool, PoolTimeout

# Longer than the pool needs to queue a request, and as good as nothing for the pool's own thread.
_MOMENT_S = 0.001


def connect_for_waiting_clients(pool: ConnectionPool[Any]) -> None:
    """Begin another attempt to connect if a query still waits for one (``reconnect_failed``).

    The pool itself attempts again only when a query joins those that wait; the others would wait
    until their time is over, though the server may be back.
    """
    if pool.get_stats().get("requests_waiting"):
        with suppress(PoolTimeout):
            pool.putconn(pool.getconn(timeout=_MOMENT_S))
