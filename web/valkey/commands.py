"""Commands to Valkey at the price of a write and a read.

redis-py passes each command through its pool, its retries, its metrics and its callbacks, which
takes three times the processor time of the exchange itself. Here its connections are used as they
are, for the commands that each question sends.
"""

import os
from collections import deque
from typing import Any
from weakref import WeakKeyDictionary

from redis import ConnectionPool, Redis
from redis.exceptions import RedisError, ResponseError

# Connections that rest, the last used one last. A fork may not use those of its parent.
_resting: WeakKeyDictionary[ConnectionPool, deque[Any]] = WeakKeyDictionary()
os.register_at_fork(after_in_child=_resting.clear)


def run_command(server: Redis, *command: str | bytes | float) -> Any:
    """Send a command and return its reply; raises RedisError. Waits, so not in an event loop."""
    resting = _resting.setdefault(server.connection_pool, deque())
    connection = _connected(server.connection_pool, resting)
    try:
        connection.send_command(*command)
        reply = connection.read_response()
    except ResponseError:
        # The exchange is complete. After any other error, the connection is closed.
        resting.append(connection)
        raise
    resting.append(connection)
    return reply


def _connected(pool: ConnectionPool, resting: deque[Any]) -> Any:
    """Return a connection that works, as far as can be seen without asking the server."""
    try:
        connection = resting.pop()
    except IndexError:
        connection = pool.make_connection()
    else:
        try:
            # Only the end of the connection can be read.
            if connection.can_read():
                connection.disconnect()
        except RedisError:
            connection.disconnect()
    connection.connect()
    return connection
