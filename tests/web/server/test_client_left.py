"""No query outlives its time limit, nor the client that waits for it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from django.db import connection, connections
from django.test import Client

from instances.access.api_keys import create_api_key
from people.models import User
from ragapp.asgi import application
from tests.cast import Cast, make_cast
from tests.fixtures.database import connect
from tests.web_server import Site, serve

ROOT = Path(__file__).resolve().parents[3]
LIMITS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
# A bound for busy machines: a cancelled query ends within milliseconds.
PATIENCE_S = 30.0


@pytest.fixture
def people(transactional_db: None) -> Cast:
    return make_cast()


@contextmanager
def locked(table: str) -> Iterator[None]:
    """Let every query of ``table`` wait for as long as it may."""
    with connect("owner") as owner:
        owner.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
        owner.rollback()


def waiting(table: str) -> int:
    """How many queries of the application wait for the lock of ``table``."""
    with connect("default", autocommit=True) as observer:  # type: ignore[arg-type]
        row = observer.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND state = 'active' AND wait_event_type = 'Lock' AND query LIKE %s",
            [f"%{table}%"],
        ).fetchone()
    return int(row[0])  # type: ignore[index]


def until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def shown(**environment: str) -> list[str]:
    """The time limits of a connection of a process with this environment."""
    script = (
        "import django; django.setup()\n"
        "from django.db import connections\n"
        "for alias in ('default', 'owner'):\n"
        "    with connections[alias].cursor() as cursor:\n"
        f"        for name in {LIMITS!r}:\n"
        "            cursor.execute(f'SHOW {name}'); print(cursor.fetchone()[0])\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "ragapp.settings"} | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout.split()


@pytest.mark.parametrize(
    ("kind", "limits"),
    [("web", ["20s", "10s", "1min"]), ("background", ["15min", "15min", "15min"])],
    ids=["web", "background"],
)
def test_each_kind_of_process_has_its_time_limits(kind, limits):
    assert shown(PROCESS_KIND=kind) == [*limits, "0", "0", "0"]


def test_web_server_sets_its_kind_of_process():
    script = "import ragapp.asgi\nfrom django.conf import settings\nprint(settings.PROCESS_KIND)"
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.split()[-1] == "web"


def test_role_has_time_limits_of_its_own(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolconfig FROM pg_roles WHERE rolname = current_user")
        configured = dict(item.split("=") for item in cursor.fetchone()[0])
    assert configured == dict.fromkeys(LIMITS, "30min")


@pytest.mark.parametrize("limit", ["statement_timeout", "lock_timeout"])
def test_query_that_takes_too_long_is_a_503(people, limit):
    client = Client(raise_request_exception=False)
    client.force_login(people.teammate)
    with connection.cursor() as cursor:
        cursor.execute(f"SET {limit} = '200ms'")
    path = f"/i/{people.instance.slug}/search/"
    with locked("chat_conversation"):
        page = client.get(path, {"q": "a"})
        told = client.get(path, {"q": "a"}, headers={"Accept": "application/json"})
    connections["default"].close()
    assert (page.status_code, told.status_code) == (503, 503)
    assert "The request took too long" in page.content.decode()
    assert told.json()["error"]["code"] == "too_slow"
    assert page["Retry-After"]


@pytest.fixture
def site(people: Cast) -> Iterator[Site]:
    with serve(application, http="web.server.http_protocol:LimitedHttpProtocol") as running:
        yield running


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return f"sessionid={client.cookies['sessionid'].value}"


def send_and_leave(site: Site, request: bytes, table: str) -> None:
    """Ask, wait until PostgreSQL works on it, then close the connection."""
    with site.connect() as client:
        client.sendall(request)
        assert until(lambda: waiting(table) > 0)


def test_the_query_of_a_page_ends_with_its_client(site, people):
    request = (
        f"GET /i/{people.instance.slug}/search/?q=a HTTP/1.1\r\nHost: localhost\r\n"
        f"Cookie: {session_of(people.teammate)}\r\n\r\n"
    )
    with locked("chat_conversation"):
        send_and_leave(site, request.encode(), "chat_conversation")
        assert until(lambda: waiting("chat_conversation") == 0)
    assert httpx.get(f"{site.url}/healthz").status_code == 200


def test_the_query_of_a_search_by_key_ends_with_its_client(site, people, embeddings):
    _key, plaintext = create_api_key(
        instance=people.instance, name="test", scope="chat", created_by=people.owner
    )
    body = b'{"query": "a question"}'
    request = (
        "POST /api/v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {plaintext}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with locked("ingestion_termstatistics"):
        send_and_leave(site, request.encode() + body, "ingestion_termstatistics")
        assert until(lambda: waiting("ingestion_termstatistics") == 0)


def test_form_of_a_disconnected_client_is_processed(site, people):
    """A page that writes goes on: a form is not half done because a window was closed."""
    cookie = session_of(people.owner)
    token = "c" * 32
    body = b"name=Droit+civil&language=fr"
    request = (
        f"POST /i/{people.instance.slug}/settings/general/ HTTP/1.1\r\nHost: localhost\r\n"
        f"Cookie: {cookie}; csrftoken={token}\r\nX-CSRFToken: {token}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with locked("instances_auditentry"):
        send_and_leave(site, request.encode() + body, "instances_auditentry")
        # Its client is gone, and others are served: it still waits.
        assert httpx.get(f"{site.url}/healthz").status_code == 200
        assert waiting("instances_auditentry") == 1

    def is_renamed() -> bool:
        people.instance.refresh_from_db()
        return people.instance.name == "Droit civil"

    assert until(is_renamed)


def test_a_cancellation_never_reaches_the_next_query_of_a_connection(site, people):
    """Many leave at random; those who stay are all served."""
    cookie = {"Cookie": session_of(people.teammate)}
    path = f"/i/{people.instance.slug}/search/?q=a"
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie['Cookie']}\r\n\r\n"
    statuses = set()
    for _turn in range(30):
        leaving = site.connect()
        leaving.sendall(request.encode())
        statuses.add(httpx.get(f"{site.url}{path}", headers=cookie).status_code)
        leaving.close()
        statuses.add(httpx.get(f"{site.url}{path}", headers=cookie).status_code)
    assert statuses == {200}
