"""Answers to clients of HTTP/1.0 and of HTTP/1.1, over real sockets."""

from collections.abc import Iterator
from typing import Any

import pytest

from ragapp.asgi import application
from tests.web_server import Site, serve

PARTS = [b"first ", b"second ", b""]


async def application_with_stream(scope: Any, receive: Any, send: Any) -> None:
    """The site, and one path whose answer has no declared length."""
    if scope["path"] != "/stream":
        await application(scope, receive, send)
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for part in PARTS:
        await send({"type": "http.response.body", "body": part, "more_body": part != b""})


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    protocol = "web.server.http_protocol:LimitedHttpProtocol"
    with serve(application_with_stream, http=protocol) as running:
        yield running


def answer(site: Site, request: str) -> tuple[int, dict[str, str], bytes]:
    """Send ``request`` and read until the server closes the connection."""
    with site.connect() as connection:
        connection.sendall(request.encode())
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _blank, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(status.split()[1]), headers, body


@pytest.mark.parametrize("keep_alive", ["", "Connection: keep-alive\r\n"])
def test_http_1_0_client_gets_a_stream_without_chunks(site: Site, keep_alive: str):
    status, headers, body = answer(site, f"GET /stream HTTP/1.0\r\n{keep_alive}\r\n")
    assert (status, body) == (200, b"first second ")
    assert headers["connection"] == "close"
    assert "transfer-encoding" not in headers


def test_http_1_1_client_gets_a_stream_in_chunks(site: Site):
    request = "GET /stream HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    _status, headers, body = answer(site, request)
    assert headers["transfer-encoding"] == "chunked"
    assert body == b"6\r\nfirst \r\n7\r\nsecond \r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("request_line", "length", "expected"),
    [
        ("GET /healthz", 0, 200),
        ("HEAD /stream", 0, 200),
        ("GET //v1/models", 0, 404),
        ("POST /v1/chat/completions", 2 << 20, 413),
    ],
)
def test_http_1_0_client_gets_the_whole_answer(
    site: Site, request_line: str, length: int, expected: int
):
    head = f"{request_line} HTTP/1.0\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
    status, headers, body = answer(site, head)
    assert status == expected
    assert headers["connection"] == "close"
    assert "transfer-encoding" not in headers
    assert len(body) == int(headers.get("content-length", 0))
