"""What a connection may do: real sockets against the web server as ``./run`` starts it."""

import secrets
import time
from typing import Any

import httpx
import pytest

from tests.fixtures.waiting import wait_until
from tests.web.server.sockets import PATIENCE_S, head, is_closed, status_of
from tests.web_server import Site
from web.server import http_protocol

SLOW = {
    "nothing at all": b"",
    "empty lines": b"\r\n\r\n",
    "half a line": b"GET / HT",
    "headers that never end": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n",
    "a body that does not come": head("/accounts/login/", Content_Length="100") + b"x",
    "a chunk that does not come": head("/accounts/login/", Transfer_Encoding="chunked") + b"5\r\nx",
    "an upload that does not come": head("/api/v1/documents", Content_Length="100") + b"x",
}


@pytest.mark.parametrize("sent", SLOW.values(), ids=SLOW)
def test_a_connection_that_sends_too_slowly_is_closed(
    site: Site, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "LINGER_S", 0.5)
    with site.connect() as connection:
        connection.sendall(sent)
        assert is_closed(connection)


def test_body_below_the_minimum_rate_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A byte before each pause ends does not keep a connection for ever."""
    monkeypatch.setattr(http_protocol, "LINGER_S", 0.5)
    with site.connect() as connection:
        connection.settimeout(0.2)
        connection.sendall(head("/accounts/login/", Content_Length="100000"))
        deadline = time.monotonic() + PATIENCE_S
        received = b""
        while not received and time.monotonic() < deadline:
            connection.sendall(b"x")
            try:
                received = connection.recv(4096)
            except TimeoutError:
                continue
        assert b"408" in received


LARGE_HEADS = {
    "url": (b"GET /?" + b"a" * http_protocol.MAX_URL_BYTES + b" HTTP/1.1\r\n\r\n", 414),
    "one header": (
        b"GET / HTTP/1.1\r\nX: " + b"a" * http_protocol.MAX_HEAD_BYTES + b"\r\n\r\n",
        431,
    ),
    "many headers": (b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 20_000 + b"\r\n", 431),
    "cookies": (b"GET / HTTP/1.1\r\n" + b"Cookie: a=b\r\n" * 20_000 + b"\r\n", 431),
}


@pytest.mark.parametrize(("sent", "status"), LARGE_HEADS.values(), ids=LARGE_HEADS)
def test_a_large_head_is_refused(site: Site, sent: bytes, status: int) -> None:
    with site.connect() as connection:
        try:
            connection.sendall(sent)
        except (ConnectionResetError, BrokenPipeError):
            return
        assert status_of(connection) in {status, 0}


def test_connections_of_an_address_are_limited(site: Site, settings: Any) -> None:
    settings.MAX_CONNECTIONS_PER_ADDRESS = 5
    settings.REQUEST_HEAD_TIMEOUT_S = PATIENCE_S
    held = [site.connect() for _number in range(5)]
    with site.connect() as one_more:
        assert status_of(one_more) == 429
    for connection in held:
        connection.close()
    wait_until(lambda: _status(site) == 200)


def _status(site: Site) -> int:
    try:
        return httpx.get(f"{site.url}/healthz").status_code
    except httpx.RemoteProtocolError:
        return 429


def test_browsers_behind_a_proxy_are_counted_by_their_own_address(
    site: Site, settings: Any
) -> None:
    settings.TRUST_PROXY_HEADERS = True
    settings.MAX_CONNECTIONS_PER_ADDRESS = 1
    settings.REQUEST_BODY_TIMEOUT_S = PATIENCE_S
    request = head("/accounts/login/", Content_Length="10", X_Forwarded_For="203.0.113.7")
    with site.connect() as held:
        held.sendall(request)
        with site.connect() as other:
            deadline = time.monotonic() + PATIENCE_S
            answer = httpx.Response(200)
            while answer.status_code != 429 and time.monotonic() < deadline:
                headers = {"X-Forwarded-For": f"{secrets.token_hex(4)}, 203.0.113.7"}
                answer = httpx.get(f"{site.url}/healthz", headers=headers)
            assert answer.json()["error"]["code"] == "too_many_requests"
            elsewhere = {"X-Forwarded-For": "203.0.113.7, 203.0.113.8"}
            assert httpx.get(f"{site.url}/healthz", headers=elsewhere).status_code == 200
            other.close()


def test_persistent_connection_serves_several_requests(site: Site) -> None:
    """What was refused or sent in pieces leaves no timer behind that ends the next request."""
    with httpx.Client(base_url=site.url) as client:
        for _turn in range(3):
            assert client.post("/accounts/login/", content=b"a=b").status_code == 403
            assert client.get("/healthz").status_code == 200
