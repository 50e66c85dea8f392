"""What a body may be: real sockets against the web server as ``./run`` starts it."""

import socket
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.test import Client
from django.urls import reverse

from ingestion.models import Document
from instances.access.api_keys import create_api_key
from instances.tenancy import tenant
from ragapp import body_allowance
from tests.cast import Cast
from tests.fixtures.waiting import wait_until
from tests.web.server.sockets import PATIENCE_S, head, status_of
from tests.web_server import Site

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
        assert not body_allowance.is_streamed({"method": "POST", "path": path})
    for path in (
        reverse("documents:resumable_uploads", args=["law"]),
        reverse("documents:resumable_upload", args=["law", uuid4()]),
        reverse("api:create_upload"),
        reverse("api:append_to_upload", args=[uuid4()]),
    ):
        for method in ("POST", "PATCH"):
            assert body_allowance.is_upload({"method": method, "path": path})
            assert body_allowance.is_streamed({"method": method, "path": path})
    finish = reverse("documents:resumable_upload_finish", args=["law", uuid4()])
    assert not body_allowance.is_upload({"method": "POST", "path": finish})


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
