"""What orchestrators ask: alive, ready, figures."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from asgiref.sync import async_to_sync
from celery.contrib.testing.worker import start_worker
from django.test import AsyncClient

from ragapp.celery import app
from ragapp.health import readiness
from tests.factories import DocumentFactory


class Models(BaseHTTPRequestHandler):
    """An embedding server that lists its models, or fails."""

    status = 200
    requests = 0

    def do_GET(self) -> None:
        type(self).requests += 1
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def model_server(settings) -> Iterator[type[Models]]:
    handler = type("Handler", (Models,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    settings.EMBEDDING_BASE_URL = f"http://127.0.0.1:{server.server_port}/v1"
    yield handler
    server.shutdown()
    server.server_close()


@pytest.fixture
def worker() -> Iterator[None]:
    """A worker, in this process, of the queues that documents go through."""
    app.loader.import_module("celery.contrib.testing.tasks")
    app.amqp.queues.select(["parse", "embed", app.conf.task_default_queue])
    with start_worker(app, perform_ping_check=False, shutdown_timeout=30):
        yield


@pytest.fixture
def ready() -> Callable[[], tuple[int, list[str]]]:
    def ask() -> tuple[int, list[str]]:
        response = async_to_sync(AsyncClient().get)("/readyz")
        return response.status_code, response.json()["missing"]

    return ask


def test_healthz_answers_200(client, db):
    response = client.get("/healthz")
    assert (response.status_code, response.text) == (200, "ok\n")


@pytest.mark.django_db(transaction=True)
def test_ready_when_every_part_answers(ready, model_server, worker):
    assert ready() == (200, [])


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is absent is not waited for."""
    monkeypatch.setattr(readiness, "WORKER_REPLY_S", 0.05)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("impatient")
def test_readyz_names_the_parts_that_do_not_answer(ready, model_server):
    assert ready() == (503, ["worker"])
    model_server.status = 503
    assert ready() == (503, ["worker", "model_server"])


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("impatient")
def test_nothing_answers(ready, settings, monkeypatch):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    settings.EMBEDDING_BASE_URL = f"http://127.0.0.1:{port}/v1"
    monkeypatch.setattr(app.conf, "broker_write_url", f"redis://127.0.0.1:{port}/0")
    assert ready() == (503, ["broker", "worker", "model_server"])


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("impatient")
def test_parts_are_checked_once_in_an_interval_at_most(model_server, monkeypatch):
    # On a slow machine the requests take more than a second.
    monkeypatch.setattr(readiness, "FRESH_S", 60.0)

    async def ask_many() -> set[int]:
        asked = await asyncio.gather(*(AsyncClient().get("/readyz") for _number in range(20)))
        again = await AsyncClient().get("/readyz")
        return {response.status_code for response in (*asked, again)}

    model_server.requests = 0
    assert async_to_sync(ask_many)() == {503}
    assert model_server.requests == 1


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("203.0.113.7", {}, 404),
        ("203.0.113.7", {"X-Forwarded-For": "127.0.0.1"}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 404),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, 404),
        ("", {}, 404),
        ("203.0.113.7", {"Authorization": "Bearer figures"}, 200),
        ("203.0.113.7", {"Authorization": "Bearer figure"}, 404),
        ("203.0.113.7", {"Authorization": "Bearer "}, 404),
        ("203.0.113.7", {"Authorization": "Bearer é"}, 404),
    ],
    ids=[
        *("loopback", "loopback v6", "elsewhere", "elsewhere pretending", "through a proxy"),
        *("through another proxy", "no address", "token", "wrong token", "no token", "not ASCII"),
    ],
)
def test_metrics_require_an_allowed_network_or_the_token(
    client, db, settings, address, headers, status
):
    settings.METRICS_TOKEN = "figures"
    assert client.get("/metrics", headers=headers, REMOTE_ADDR=address).status_code == status


def test_no_token_is_accepted_when_none_is_set(client, db):
    headers = {"Authorization": "Bearer "}
    assert client.get("/metrics", headers=headers, REMOTE_ADDR="203.0.113.7").status_code == 404


def test_address_behind_a_trusted_proxy_must_be_allowed(client, db, settings):
    settings.TRUST_PROXY_HEADERS = True
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 200


def test_metrics_name_no_tenant(client, cast):
    DocumentFactory.create_batch(2, instance=cast.instance)
    DocumentFactory(instance=cast.other_instance, status="failed")
    client.get("/accounts/login/")
    text = client.get("/metrics").text
    assert 'ragapp_documents{status="ready"} 2.0' in text
    assert 'ragapp_documents{status="failed"} 1.0' in text
    assert 'ragapp_queue_length{queue="parse"}' in text
    assert 'ragapp_request_seconds_count{method="GET",status="200",view="account_login"}' in text
    assert "law" not in text
