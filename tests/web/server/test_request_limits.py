"""What a connection may do: real sockets against the web server as ``./run`` starts it."""

import secrets
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.test import Client
from django.urls import reverse

from ingestion.models import Document
from instances.access.api_keys import create_api_key
from instances.tenancy import tenant
from ragapp import body_allowance
from ragapp.asgi import application
from tests.cast import Cast, make_cast
from tests.fixtures.waiting import wait_until
from tests.web_server import Site, serve
from web.server import http_protocol

# A bound for busy machines; each limit under test is a second or less.
PATIENCE_S = 30.0
ANNOUNCED = 200 << 20
ANONYMOUS_PATHS = (
    "/",
    "/accounts/login/",
    "/saml/acs/",
    "/i/law/documents/upload/",
    "/i/law/ask/",
    "/api/v1/documents",
    "/api/v1/search",
    "/v1/chat/completions",
    "/static/nothing.css",
)


@pytest.fixture
def people(transactional_db: None, no_broker: None) -> Cast:
    return make_cast()


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where bodies are kept on disk."""
    directory = tmp_path / "spool"
    directory.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    return directory


@pytest.fixture
def site(people: Cast, spool: Path, settings: Any) -> Iterator[Site]:
    settings.REQUEST_HEAD_TIMEOUT_S = settings.REQUEST_BODY_TIMEOUT_S = 1.0
    with serve(application, http="web.server.http_protocol:LimitedHttpProtocol") as running:
        yield running


def bytes_on_disk(spool: Path) -> int:
    """The size of every file in ``spool`` that this process has open, deleted ones included."""
    total = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            if str(descriptor.readlink()).startswith(str(spool)):
                total += descriptor.stat().st_size
        except FileNotFoundError:
            continue
    return total


def head(path: str, **headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def status_of(connection: socket.socket) -> int:
    """The status of the answer; 0 when the connection is closed without one."""
    connection.settimeout(PATIENCE_S)
    received = b""
    while b"\r\n" not in received:
        try:
            piece = connection.recv(4096)
        except ConnectionResetError:
            return 0
        if not piece:
            return 0
        received += piece
    return int(received.split()[1])


def is_closed(connection: socket.socket) -> bool:
    """Whether the server closes the connection, however much it says before."""
    connection.settimeout(PATIENCE_S)
    try:
        while connection.recv(4096):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


def test_anonymous_bodies_are_refused_unread(site: Site, spool: Path) -> None:
    connections = []
    for number in range(300):
        connection = site.connect()
        path = ANONYMOUS_PATHS[number % len(ANONYMOUS_PATHS)]
        connection.sendall(
            head(
                path, Content_Type="multipart/form-data; boundary=x", Content_Length=str(ANNOUNCED)
            )
        )
        connections.append((path, connection))
    statuses = [(path, status_of(connection)) for path, connection in connections]
    assert {status for _path, status in statuses} <= {401, 403, 413}
    assert {status for path, status in statuses if path == "/api/v1/documents"} == {401}
    assert {status for path, status in statuses if "upload" in path} == {403}
    assert bytes_on_disk(spool) == 0
    for _path, connection in connections:
        connection.close()


@pytest.mark.parametrize("path", ANONYMOUS_PATHS)
def test_a_body_of_unknown_length_is_refused_at_the_limit(
    site: Site, spool: Path, path: str
) -> None:
    piece = b"x" * (64 << 10)
    chunk = b"%x\r\n%b\r\n" % (len(piece), piece)
    with site.connect() as connection:
        connection.settimeout(PATIENCE_S)
        connection.sendall(head(path, Transfer_Encoding="chunked"))
        sent = 0
        try:
            while sent < 3 * body_allowance.MAX_BODY_BYTES:
                connection.sendall(chunk)
                sent += len(piece)
                assert bytes_on_disk(spool) <= body_allowance.MAX_BODY_BYTES + (1 << 20)
        except (ConnectionResetError, BrokenPipeError):
            return
        assert status_of(connection) in {401, 403, 413}


def uploads(people: Cast, site: Site) -> dict[str, tuple[str, dict[str, str]]]:
    """Where each person would send a document, and with what they say who they are."""
    page = f"{site.url}/i/{people.instance.slug}/documents/upload/"
    token = "c" * 32
    found = {}
    for name in ("owner", "editor", "teammate", "stranger"):
        client = Client()
        client.force_login(getattr(people, name))
        cookie = f"sessionid={client.cookies['sessionid'].value}; csrftoken={token}"
        found[name] = (page, {"Cookie": cookie, "X-CSRFToken": token})
    for scope in ("manage", "chat"):
        _key, plaintext = create_api_key(
            instance=people.instance, name=scope, scope=scope, created_by=people.owner
        )
        found[scope] = (f"{site.url}/api/v1/documents", {"Authorization": f"Bearer {plaintext}"})
    return found


@pytest.mark.parametrize(
    ("sender", "status"),
    [
        ("owner", 201),
        ("editor", 201),
        ("manage", 201),
        ("teammate", 403),
        ("stranger", 404),
        ("chat", 403),
    ],
)
def test_only_people_who_may_upload_can_send_a_large_file(
    people: Cast, site: Site, spool: Path, sender: str, status: int
) -> None:
    url, headers = uploads(people, site)[sender]
    content = b"A line of the file.\n" * (body_allowance.MAX_BODY_BYTES // 10)
    answer = httpx.post(url, files={"file": ("large.txt", content)}, headers=headers, timeout=60)
    assert answer.status_code == status
    with tenant(people.instance):
        sizes = list(Document.objects.values_list("size_bytes", flat=True))
    assert sizes == ([len(content)] if status == 201 else [])


@pytest.mark.parametrize(
    ("sender", "status"), [("owner", 201), ("manage", 201), ("teammate", 403), ("chat", 403)]
)
def test_upload_without_content_length(
    people: Cast, site: Site, spool: Path, sender: str, status: int
) -> None:
    url, headers = uploads(people, site)[sender]
    request = httpx.Request("POST", url, files={"file": ("small.txt", b"A line of the file.\n")})
    headers |= {"Content-Type": request.headers["Content-Type"]}
    answer = httpx.post(url, content=iter([request.read()]), headers=headers, timeout=60)
    assert answer.request.headers["Transfer-Encoding"] == "chunked"
    assert answer.status_code == status


@pytest.mark.parametrize("sender", ["teammate", "stranger", "chat"])
def test_upload_is_refused_before_the_body_is_read(
    people: Cast, site: Site, spool: Path, sender: str
) -> None:
    url, headers = uploads(people, site)[sender]
    with site.connect() as connection:
        path = url.removeprefix(site.url)
        headers |= {"Content-Type": "multipart/form-data; boundary=x"}
        connection.sendall(head(path, Content_Length=str(ANNOUNCED), **headers))
        assert status_of(connection) in {403, 404}
    assert bytes_on_disk(spool) == 0


def test_paths_of_uploads_are_recognised() -> None:
    for path in (reverse("documents:upload", args=["law"]), reverse("api:add_document")):
        assert body_allowance.is_upload({"method": "POST", "path": path})


def test_stored_bytes_of_a_person_are_limited(
    people: Cast, site: Site, settings: Any, spool: Path
) -> None:
    settings.MAX_UPLOAD_BYTES = 2 << 20
    settings.REQUEST_BODY_TIMEOUT_S = PATIENCE_S
    url, headers = uploads(people, site)["editor"]
    path, piece = url.removeprefix(site.url), b"x" * (2 << 20)
    waiting = []
    for _number in range(8):
        connection = site.connect()
        connection.sendall(head(path, Content_Length=str(3 << 20), **headers) + piece)
        connection.setblocking(False)
        waiting.append(connection)
    # The last bytes never come; whoever is over the limit is told at once.
    allowed = body_allowance.MAX_UPLOADS_AT_ONCE * ((2 << 20) + (1 << 20))
    wait_until(lambda: sum(map(_is_refused, waiting)) >= 8 - allowed // len(piece))
    assert bytes_on_disk(spool) <= allowed
    for connection in waiting:
        connection.close()


def _is_refused(connection: socket.socket) -> bool:
    try:
        return b"429" in connection.recv(4096, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


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
