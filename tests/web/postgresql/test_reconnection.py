"""The pool of connections while the server is away, and when it is back."""

import time
from threading import Thread

from django.db import connection, connections

from tests.fixtures.database import DatabaseSwitch

# The first attempts have ended by then, and no other query joins the one that waits.
OUTAGE_S = 2.5


def test_waiting_query_is_answered_soon_after_the_server_is_back(database: DatabaseSwitch) -> None:
    connections.close_all()
    ended_at: list[float] = []

    def query() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        ended_at.append(time.monotonic())
        connection.close()

    database.cut()
    waiting = Thread(target=query)
    waiting.start()
    time.sleep(OUTAGE_S)
    database.restore()
    restored_at = time.monotonic()
    waiting.join()
    assert ended_at, "the query failed although the server was back in time"
    assert ended_at[0] - restored_at < 5
