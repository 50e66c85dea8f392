"""What orchestrators ask: alive, ready, figures."""

import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from asgiref.sync import async_to_sync
from celery.contrib.testing.worker import start_worker
from django.test import AsyncClient

from ragapp import readiness
from ragapp.celery import app
from tests.factories import DocumentFactory


class Models(BaseHTTPRequestHandler):
    """An embedding server that lists its models, or fails."""

    status = 200

    def do_GET(self) -> None:
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


def test_alive(client, db):
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
def test_what_does_not_answer_is_named(ready, model_server):
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


def test_figures_name_no_tenant(client, cast):
    DocumentFactory.create_batch(2, instance=cast.instance)
    DocumentFactory(instance=cast.other_instance, status="failed")
    client.get("/accounts/login/")
    text = client.get("/metrics").text
    assert 'ragapp_documents{status="ready"} 2.0' in text
    assert 'ragapp_documents{status="failed"} 1.0' in text
    assert 'ragapp_queue_length{queue="parse"}' in text
    assert 'ragapp_request_seconds_count{method="GET",status="200",view="account_login"}' in text
    assert "law" not in text
