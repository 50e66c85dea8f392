"""Threads of requests: taken when needed, and left to other requests without connections."""

import asyncio
import threading
from typing import Any

import pytest
from django.db import connection

from ragapp.asgi import application
from web.server import request_threads
from web.server.request_threads import RequestThread


@pytest.fixture(autouse=True)
def no_idle_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_threads, "_idle", [])


def working() -> RequestThread:
    """The thread of a request whose view has begun."""
    thread = RequestThread()
    thread.has_begun = True
    return thread


async def status_of(path: str) -> int:
    """Ask the application, as the web server does."""
    sent: list[Any] = []
    messages = iter([{"type": "http.request", "body": b"", "more_body": False}])
    answered = asyncio.Event()

    async def receive() -> Any:
        if (message := next(messages, None)) is not None:
            return message
        await answered.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
    }
    await application(scope, receive, send)
    answered.set()
    status: int = sent[0]["status"]
    return status


async def test_asynchronous_request_needs_no_thread() -> None:
    assert await status_of("/v1/models") == 401
    assert request_threads._idle == []


async def test_synchronous_requests_share_a_thread() -> None:
    assert [await status_of("/healthz"), await status_of("/healthz")] == [200, 200]
    assert len(request_threads._idle) == 1


def test_view_runs_in_a_thread_that_is_left_to_the_next_request() -> None:
    here = threading.get_ident()
    first, second = working(), working()
    ident = first.submit(threading.get_ident).result()
    assert ident != here
    first.shutdown()
    assert second.submit(threading.get_ident).result() == ident
    second.shutdown()


def test_requests_at_the_same_time_have_threads_of_their_own() -> None:
    first, second = working(), working()
    idents = [each.submit(threading.get_ident).result() for each in (first, second)]
    assert len(set(idents)) == 2
    first.shutdown()
    second.shutdown()


@pytest.mark.django_db(transaction=True)
def test_thread_is_left_without_a_connection() -> None:
    first, second = working(), working()
    first.submit(connection.ensure_connection).result()
    first.shutdown()
    assert second.submit(lambda: connection.connection).result() is None
    second.shutdown()


def test_error_reaches_the_caller_without_a_thread() -> None:
    with pytest.raises(ZeroDivisionError):
        RequestThread().submit(lambda: 1 / 0).result()
