"""Bodies that are read as they arrive: real sockets against the web server."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.test import Client

from ingestion.models import ResumableUpload
from ingestion.resumable import receiving
from instances.access.api_keys import create_api_key
from instances.tenancy import tenant
from tests.cast import Cast
from tests.fixtures.waiting import wait_until
from tests.ingestion.resumable.sending import OCTETS, documents
from tests.web.server.sockets import status_of
from tests.web.server.test_request_limits import bytes_on_disk
from tests.web_server import Site

MIB = 1 << 20


@pytest.fixture
def program(people: Cast, site: Site) -> Iterator[httpx.Client]:
    """A program with a key that manages documents."""
    _key, plaintext = create_api_key(
        instance=people.instance, name="test", scope="manage", created_by=None
    )
    headers = {"Authorization": f"Bearer {plaintext}", "Tus-Resumable": "1.0.0"}
    with httpx.Client(base_url=site.url, headers=headers, timeout=60) as client:
        yield client


def created(program: httpx.Client, length: int) -> str:
    response = program.post("/api/v1/uploads", headers={"Upload-Length": str(length)})
    assert response.status_code == 201, response.text
    return response.headers["Location"]


def begin(site: Site, program: httpx.Client, url: str, *, offset: int, length: int) -> Any:
    """A connection on which a PATCH has begun."""
    connection = site.connect()
    lines = [
        f"PATCH {url} HTTP/1.1",
        "Host: localhost",
        f"Authorization: {program.headers['Authorization']}",
        "Tus-Resumable: 1.0.0",
        f"Content-Type: {OCTETS}",
        f"Upload-Offset: {offset}",
        f"Content-Length: {length}",
    ]
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    return connection


def offset_of(program: httpx.Client, url: str) -> int:
    return int(program.head(url).headers["Upload-Offset"])


def test_bytes_are_kept_when_the_connection_is_cut(
    people: Cast, site: Site, program: httpx.Client, spool: Path
) -> None:
    content = bytes(range(256)) * 4096
    url = created(program, len(content))
    with begin(site, program, url, offset=0, length=len(content)) as connection:
        connection.sendall(content[:300_000])
    wait_until(lambda: offset_of(program, url) == 300_000)
    # A client that stops sending is told so; what it has sent is kept, too.
    with begin(site, program, url, offset=300_000, length=500_000) as connection:
        connection.sendall(content[300_000:400_000])
        assert status_of(connection) == 408
    wait_until(lambda: offset_of(program, url) == 400_000)
    headers = {"Content-Type": OCTETS, "Upload-Offset": "400000"}
    program.patch(url, headers=headers, content=iter([content[400_000:]]))
    with tenant(people.instance):
        upload = ResumableUpload.objects.for_instance(people.instance).get()
    assert (upload.is_received, upload.error_code) == (True, "unsupported_media_type")


def test_pieces_are_acknowledged_and_nothing_is_spooled_while_a_request_goes_on(
    people: Cast,
    site: Site,
    program: httpx.Client,
    spool: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
) -> None:
    settings.REQUEST_BODY_TIMEOUT_S = 30.0
    monkeypatch.setattr(receiving, "PIECE_BYTES", MIB)
    url = created(program, 64 * MIB)
    with begin(site, program, url, offset=0, length=64 * MIB) as connection:
        for _number in range(8):
            connection.sendall(b"x" * MIB)
        wait_until(lambda: offset_of(program, url) >= 6 * MIB)
        assert bytes_on_disk(spool) == 0


def test_small_file_without_a_declared_length_is_stored(
    people: Cast, program: httpx.Client
) -> None:
    content = "Le guichet ouvre à neuf heures.".encode()
    response = program.post(
        "/api/v1/uploads",
        headers={"Upload-Length": str(len(content)), "Content-Type": OCTETS},
        content=iter([content[:9], content[9:]]),
    )
    assert response.json()["outcome"] == "stored"
    assert len(documents(people.instance)) == 1


def test_anonymous_bodies_are_not_read(people: Cast, site: Site, program: httpx.Client) -> None:
    url = created(program, MIB)
    for path in (url, f"/i/law/documents/uploads/{url.rpartition('/')[2]}/"):
        with socket.create_connection((site.host, site.port), timeout=30) as connection:
            head = f"PATCH {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {MIB}\r\n"
            head += f"Tus-Resumable: 1.0.0\r\nContent-Type: {OCTETS}\r\nUpload-Offset: 0\r\n\r\n"
            connection.sendall(head.encode())
            assert status_of(connection) in {401, 403}
    assert offset_of(program, url) == 0


def test_client_of_the_page_sends_a_file(people: Cast, site: Site) -> None:
    browser = Client()
    browser.force_login(people.editor)
    token = browser.get("/i/law/documents/uploads/").json()["csrf_token"]
    cookies = {name: morsel.value for name, morsel in browser.cookies.items()}
    content = "Le guichet ouvre à dix heures.".encode()
    with httpx.Client(base_url=site.url, cookies=cookies, timeout=60) as client:
        headers = {"Tus-Resumable": "1.0.0", "X-CSRFToken": token, "Content-Type": OCTETS}
        response = client.post(
            "/i/law/documents/uploads/",
            headers=headers | {"Upload-Length": str(len(content))},
            content=content,
        )
    assert response.json()["outcome"] == "stored"
