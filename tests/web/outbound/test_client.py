"""Requests to addresses that users have written: what they may reach, and how much they read."""

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from typing import Any

import pytest

from tests.sources.scripted_site import ScriptedSite, serving
from web.outbound.addresses import resolve
from web.outbound.client import Answer, Call, OutboundClient, check_destination
from web.outbound.errors import (
    AnswerTooLarge,
    DestinationRefused,
    OutboundError,
    TooManyRedirects,
    TooSlow,
    Unreachable,
)

REFUSED = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://0/",
    "http://localhost/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://168.63.129.16/",
    "http://192.0.0.192/",
    "http://100.100.100.200/",
    "http://0.0.0.0/",
    "http://255.255.255.255/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://198.18.0.1/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/",
    "http://[fe80::1]/",
    "http://[fec0::1]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[ff02::1]/",
    "http://[100::1]/",
    "http://[2001:db8::1]/",
    "http://①②⑦.⓪.⓪.①/",
    "http://example.org:22/",
    "http://example.org:6379/",
    "http://user:password@93.184.215.14/",
    "http://127.0.0.1@93.184.215.14/",
    "http:///etc/passwd",
    "http://",
    "file:///etc/passwd",
    "gopher://93.184.215.14/",
    "ftp://93.184.215.14/",
    "dict://93.184.215.14:11211/",
    "javascript:alert(1)",
    "//93.184.215.14/",
    "93.184.215.14",
    "http://[::1/",
    "http://93.184.215.14:99999/",
]  # fmt: skip
# 127.0.0.1 serves the redirect.
REDIRECTS = [
    "http://127.0.0.2/",
    "http://2130706434/",
    "http://0x7f.2/",
    "http://10.0.0.1/",
    "//169.254.169.254/latest/meta-data/",
    "http://[::1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[fd00:ec2::254]/",
    "http://0.0.0.0/",
    "http://127.0.0.1:22/",
    "http://user:password@127.0.0.1/",
    "file:///etc/passwd",
    "ftp://93.184.215.14/",
]
PUBLIC = ["http://93.184.215.14/", "https://[2606:4700::6810:84e5]/", "http://1.1.1.1:8080/a?b"]


@pytest.fixture
def site(settings: Any) -> Iterator[ScriptedSite]:
    """A site on loopback that may be reached."""
    with serving(ScriptedSite()) as served:
        settings.OUTBOUND_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
        settings.OUTBOUND_PORTS = [80, 443, served.port]
        yield served


def get(url: str, **fields: Any) -> Answer:
    with OutboundClient("test") as client:
        return client.send(Call(url, **fields))


@pytest.mark.parametrize("url", REFUSED)
def test_address_is_refused(url: str) -> None:
    with pytest.raises(DestinationRefused):
        get(url)


@pytest.mark.parametrize("url", PUBLIC)
def test_public_address_is_allowed(url: str) -> None:
    check_destination(url)


@pytest.mark.parametrize("url", REDIRECTS)
def test_redirect_is_checked_like_the_first_address(
    site: ScriptedSite, settings: Any, url: str
) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = [ip_network("127.0.0.1/32")]
    site.put("/", b"", status=302, headers={"Location": url})
    with pytest.raises(DestinationRefused):
        get(site.url + "/")


def test_name_is_resolved_once_and_the_connection_goes_to_the_checked_address(
    site: ScriptedSite, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    site.put("/", "here")
    answers = iter(["127.0.0.1", "127.0.0.2", "127.0.0.3"])
    asked: list[str] = []

    def rebinding(host: str, port: int, **_kind: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    resolver = Resolver(rebinding)
    monkeypatch.setattr("web.outbound.addresses.socket", resolver)
    settings.OUTBOUND_ALLOWED_NETWORKS = [ip_network("127.0.0.1/32")]
    answer = get(f"http://rebinding.example:{site.port}/")
    assert answer.read() == b"here"
    assert asked == ["rebinding.example"]
    assert site.requests[0][2]["Host"] == f"rebinding.example:{site.port}"
    # Its next answer is not allowed, although the first one was.
    with pytest.raises(DestinationRefused):
        get(f"http://rebinding.example:{site.port}/")


class Resolver:
    """The module ``socket`` with another ``getaddrinfo``: a name server under an attacker."""

    def __init__(self, getaddrinfo: Callable[..., Any]) -> None:
        self.getaddrinfo = getaddrinfo

    def __getattr__(self, name: str) -> Any:
        return getattr(socket, name)


def test_name_with_one_private_address_among_public_ones_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def mixed(_host: str, port: int, **_kind: Any) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("93.184.215.14", "10.0.0.1")
        ]

    monkeypatch.setattr("web.outbound.addresses.socket", Resolver(mixed))
    with pytest.raises(DestinationRefused):
        resolve("mixed.example", 443)


def test_allowed_name_may_lead_to_the_private_network_but_not_to_this_machine(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    found = {"cloud.univ.example": "10.1.2.3", "meta.univ.example": "169.254.169.254"}
    found["self.univ.example"] = "127.0.0.1"

    def internal(host: str, port: int, **_kind: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found[host.lower()], port))]

    monkeypatch.setattr("web.outbound.addresses.socket", Resolver(internal))
    settings.OUTBOUND_ALLOWED_HOSTS = list(found)
    assert resolve("Cloud.Univ.example", 443) == ["10.1.2.3"]
    for name in ("meta.univ.example", "self.univ.example"):
        with pytest.raises(DestinationRefused):
            resolve(name, 443)


def test_proxies_of_the_environment_are_ignored(
    site: ScriptedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    site.put("/", "here")
    assert get(site.url + "/").read() == b"here"


def test_password_is_not_sent_to_another_origin(site: ScriptedSite, settings: Any) -> None:
    with serving(ScriptedSite()) as other:
        settings.OUTBOUND_PORTS = [site.port, other.port]
        other.put("/b", "there")
        site.put("/a", b"", status=302, headers={"Location": f"{other.url}/b"})
        site.put("/c", b"", status=302, headers={"Location": "/a"})
        private = {"Authorization": "Basic c2VjcmV0"}
        assert get(f"{site.url}/c", private=private).read() == b"there"
        assert [headers.get("Authorization") for *_, headers, _body in site.requests] == [
            "Basic c2VjcmV0",
            "Basic c2VjcmV0",
        ]
        assert "Authorization" not in other.requests[0][2]


def test_cookie_is_not_sent_back(site: ScriptedSite) -> None:
    site.put("/", "here", headers={"Set-Cookie": "session=1; Path=/"})
    with OutboundClient("test") as client:
        for _time in range(2):
            client.send(Call(site.url + "/"))
    assert all("Cookie" not in headers for *_, headers, _body in site.requests)


def test_endless_redirects_end(site: ScriptedSite) -> None:
    site.put("/", b"", status=302, headers={"Location": "/"})
    with pytest.raises(TooManyRedirects):
        get(site.url + "/")


def test_request_that_changes_something_is_not_redirected(site: ScriptedSite) -> None:
    site.put("/", b"", status=307, headers={"Location": "/other"})
    assert get(site.url + "/", method="POST", body=b"x").status == 307
    assert site.paths("POST") == ["/"]


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "not declared"])
def test_large_answer_is_refused(site: ScriptedSite, declared: bool) -> None:
    headers = {} if declared else {"Content-Length": "", "Connection": "close"}
    site.put("/", b"x" * 5000, headers=headers)
    with pytest.raises((AnswerTooLarge, Unreachable)):
        get(site.url + "/", max_bytes=4000)


def test_packed_answer_is_limited_by_its_unpacked_size(site: ScriptedSite) -> None:
    site.put("/", gzip.compress(b"x" * (32 << 20)), headers={"Content-Encoding": "gzip"})
    with pytest.raises(AnswerTooLarge):
        get(site.url + "/", max_bytes=1 << 20)


def test_answer_that_trickles_ends_in_time(settings: Any) -> None:
    """Each byte comes within the timeout of one read, and all of them too late."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        settings.OUTBOUND_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
        settings.OUTBOUND_PORTS = [port]
        over = threading.Event()

        def trickle() -> None:
            connection, _address = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                while not over.wait(0.05):
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            with pytest.raises(TooSlow):
                get(f"http://127.0.0.1:{port}/", seconds=0.5)
        finally:
            over.set()
            thread.join()


def test_server_that_does_not_speak_http_is_unreachable(settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        settings.OUTBOUND_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
        settings.OUTBOUND_PORTS = [port]

        def greet() -> None:
            connection, _address = server.accept()
            with connection:
                connection.sendall(b"220 smtp.example ESMTP\r\n")
                connection.recv(4096)

        thread = threading.Thread(target=greet)
        thread.start()
        with pytest.raises(OutboundError):
            get(f"http://127.0.0.1:{port}/")
        thread.join()
