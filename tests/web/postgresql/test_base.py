"""The pool of connections after the server has ended them all."""

from threading import Barrier, Thread

import pytest
from django.db import connection

from instances.tenancy import tenant
from tests.fixtures.database import BESIDE, connect
from tests.fixtures.waiting import wait_until

# psycopg's own check gives up after four.
N_IDLE = 8


@pytest.mark.django_db(transaction=True)
def test_query_succeeds_when_every_idle_connection_is_dead() -> None:
    all_are_open = Barrier(N_IDLE)
    pids: list[int] = []

    def query(*, together: bool) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pids.append(cursor.fetchone()[0])
            if together:
                all_are_open.wait(30)
        connection.close()

    def run(n: int, *, together: bool) -> None:
        threads = [Thread(target=query, kwargs={"together": together}) for _ in range(n)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    run(N_IDLE, together=True)
    idle = set(pids)
    assert len(idle) == N_IDLE
    with connect("default", dbname=BESIDE) as other:
        other.autocommit = True
        other.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s) AS pid", [list(idle)])
        alive = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(%s)"
        wait_until(lambda: other.execute(alive, [list(idle)]).fetchone() == (0,))
    run(1, together=False)
    assert len(pids) == N_IDLE + 1
    assert pids[-1] not in idle


@pytest.mark.django_db(transaction=True)
def test_connection_used_a_moment_ago_is_not_asked_again() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    connection.close()
    connection.ensure_connection()
    with connect("default", dbname=BESIDE) as other:
        last = other.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone()
    assert last == ("SELECT pg_backend_pid()",)


@pytest.mark.parametrize(("is_durable", "waits"), [(True, "on"), (False, "off")])
@pytest.mark.django_db(transaction=True)
def test_end_of_a_transaction_that_is_not_durable_is_not_waited_for(
    is_durable: bool, waits: str
) -> None:
    def waiting() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('synchronous_commit')")
            found: str = cursor.fetchone()[0]
        return found

    with connection.cursor() as cursor:
        # The server of the tests never waits.
        cursor.execute("SET synchronous_commit TO on")
    with tenant(1, is_durable=is_durable):
        assert waiting() == waits
    assert waiting() == "on"
