"""Kinds of HTTP requests that clients send and that other servers answer wrongly: real sockets."""

import gzip
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest

from instances.access.api_keys import create_api_key
from ragapp.api import api
from ragapp.asgi import application
from tests.cast import Cast
from tests.web_server import Site, serve

UPLOAD, SEARCH, COMPLETIONS = "/api/v1/documents", "/api/v1/search", "/v1/chat/completions"
FILE = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nNeuf.\r\n--x--'
FORM = "multipart/form-data; boundary=x"
QUERY = b'{"query": "cong\xc3\xa9s"}'


@pytest.fixture
def site(people: Cast) -> Iterator[Site]:
    with serve(application, http="web.server.http_protocol:LimitedHttpProtocol") as running:
        yield running


@pytest.fixture
def key(people: Cast) -> str:
    _key, plaintext = create_api_key(
        instance=people.instance, name="test", scope="manage", created_by=people.owner
    )
    return plaintext


def exchange(site: Site, sent: bytes, *more: bytes) -> list[tuple[int, dict[str, str], bytes]]:
    """Send, and read until the connection is closed; return each response before it.

    Each part of ``more`` is sent after the server has sent something more.
    """
    with site.connect() as connection:
        connection.sendall(sent)
        received = b""
        for part in more:
            received += connection.recv(65536)
            connection.sendall(part)
        received += b"".join(iter(lambda: connection.recv(65536), b""))
    found = []
    while received:
        head, _blank, received = received.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        length = int(headers.get("content-length", 0))
        found.append((int(status.split()[1]), headers, received[:length]))
        received = received[length:]
    return found


def head(method: str, path: str, key: str = "", *more: str, version: str = "1.1") -> bytes:
    lines = [f"{method} {path} HTTP/{version}", "Host: localhost", "Connection: close", *more]
    lines += [f"Authorization: Bearer {key}"] if key else []
    return "\r\n".join([*lines, "", ""]).encode()


def code_of(response: tuple[int, dict[str, str], bytes]) -> tuple[int, str]:
    """The status of an error and its code, which must be in JSON."""
    status, headers, body = response
    assert headers["content-type"] == "application/json", response
    error = json.loads(body)["error"]
    assert error["message"]
    return status, error["code"]


def test_client_that_expects_100_continue_is_asked_for_its_body(site: Site, key: str) -> None:
    sent = head("POST", UPLOAD, key, f"Content-Type: {FORM}", f"Content-Length: {len(FILE)}",
                "Expect: 100-continue")  # fmt: skip
    first, last = exchange(site, sent, FILE)
    assert (first[0], last[0]) == (100, 201)
    assert json.loads(last[2])["name"] == "a.txt"


def test_body_that_is_refused_is_not_asked_for(site: Site, key: str) -> None:
    expecting = ["Expect: 100-continue", "Content-Type: application/json"]
    large = head("POST", SEARCH, key, f"Content-Length: {5 << 20}", *expecting)
    assert [code_of(each) for each in exchange(site, large)] == [(413, "too_large")]
    no_key = head("POST", UPLOAD, "", "Content-Length: 5", *expecting)
    assert [code_of(each) for each in exchange(site, no_key)] == [(401, "invalid_api_key")]


def test_http_1_0_client_gets_no_100_continue(site: Site, key: str) -> None:
    sent = head("POST", UPLOAD, key, f"Content-Type: {FORM}", f"Content-Length: {len(FILE)}",
                "Expect: 100-continue", version="1.0")  # fmt: skip
    assert [each[0] for each in exchange(site, sent + FILE)] == [201]


def test_client_that_offers_another_protocol_is_answered(site: Site, key: str) -> None:
    """As the HTTP client of Java does by default."""
    offered = [
        "Connection: Upgrade, HTTP2-Settings",
        "Upgrade: h2c",
        "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
    ]
    sent = head(
        "POST", UPLOAD, key, f"Content-Type: {FORM}", f"Content-Length: {len(FILE)}", *offered
    )
    again = head("GET", UPLOAD, key)
    first, second = exchange(site, sent.replace(b"Connection: close\r\n", b"") + FILE, again)
    assert (first[0], second[0]) == (201, 200)


def chunks(body: bytes) -> bytes:
    half = len(body) // 2
    parts = [b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:half], body[half:])]
    return b"".join(parts) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("path", "content_type", "body", "expected"),
    [
        (UPLOAD, FORM, FILE, 201),
        (SEARCH, "application/json", b'{"query": ""}', 422),
        (COMPLETIONS, "application/json", b'{"messages": []}', 400),
        ("/v1/responses", "application/json", b'{"input": []}', 400),
        ("/v1/embeddings", "application/json", b'{"input": []}', 400),
    ],
)
def test_chunked_body_is_read(
    site: Site, key: str, path: str, content_type: str, body: bytes, expected: int
) -> None:
    sent = head("POST", path, key, "Transfer-Encoding: chunked", f"Content-Type: {content_type}")
    ((status, _headers, answer),) = exchange(site, sent + chunks(body))
    assert status == expected, answer
    if expected != 201:
        # The body was understood: what is wrong is in it.
        assert json.loads(answer)["error"]["param"] in ("query", "messages", "input")


LIES = {
    "not a number": (head("POST", SEARCH, "", "Content-Length: many") + QUERY, 400),
    "negative": (head("POST", SEARCH, "", "Content-Length: -1") + QUERY, 400),
    "two lengths": (
        head("POST", SEARCH, "", "Content-Length: 5", "Content-Length: 6") + QUERY, 400
    ),
    "length and chunks": (
        head("POST", SEARCH, "", "Content-Length: 5", "Transfer-Encoding: chunked") + QUERY, 400
    ),
    "chunk that is none": (
        head("POST", SEARCH, "", "Transfer-Encoding: chunked") + b"many\r\n" + QUERY, 400
    ),
    "no host": (b"GET /v1/models HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
    "two hosts": (head("GET", "/v1/models", "", "Host: localhost"), 400),
    "whole server": (head("GET", "*"), 400),
    "tunnel": (head("CONNECT", "example.org:443"), 400),
    "no HTTP": (b"hello\r\n\r\n", 400),
    "address in another charset": (b"GET /v1/\xe9 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    "query in another charset": (head("GET", "/v1/models?a=%").replace(b"a=%", b"a=\xe9"), 400),
    "huge header": (head("GET", "/v1/models", "", "X-A: " + "a" * (65 << 10)), 431),
    "many headers": (head("GET", "/v1/models", "", *["X-Abcdef: a"] * 9000), 431),
    "long address": (head("GET", "/v1/" + "a" * (17 << 10)), 414),
}  # fmt: skip


@pytest.mark.parametrize(("sent", "status"), LIES.values(), ids=LIES)
def test_request_that_is_not_http_is_refused_in_json(site: Site, sent: bytes, status: int) -> None:
    assert code_of(exchange(site, sent)[-1])[0] == status


def test_options_of_the_whole_server_are_its_methods(site: Site) -> None:
    ((status, headers, body),) = exchange(site, head("OPTIONS", "*"))
    assert (status, body) == (204, b"")
    assert "get, head, post" in headers["allow"]


def test_body_that_is_longer_than_declared_is_cut(site: Site, key: str) -> None:
    sent = head("POST", SEARCH, key, "Content-Length: 5", "Content-Type: application/json")
    assert [code_of(each) for each in exchange(site, sent + QUERY)] == [(400, "invalid_request")]


def operations() -> list[tuple[str, set[str]]]:
    """Every path of the HTTP API and its methods."""
    paths = api.get_openapi_schema()["paths"]
    return [(path, {method.upper() for method in methods}) for path, methods in paths.items()]


PATHS = {path: methods for path, methods in operations()}


@pytest.mark.parametrize("path", PATHS)
def test_wrong_method_is_a_405_in_json_that_names_the_others(
    site: Site, key: str, path: str
) -> None:
    allowed = PATHS[path] | ({"HEAD"} if "GET" in PATHS[path] else set())
    address = path.replace("{document_id}", "00000000-0000-0000-0000-000000000000")
    address = site.url + address.replace("{model_id}", "default")
    headers = {"Authorization": f"Bearer {key}"}
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - allowed:
        response = httpx.request(method, address, headers=headers)
        assert response.status_code == 405, (method, response.text)
        assert response.json()["error"]["code"] == "method_not_allowed"
        assert set(response.headers["allow"].split(", ")) == allowed
    if "GET" in allowed:
        whole, headed = (httpx.request(each, address, headers=headers) for each in ("GET", "HEAD"))
        assert (headed.status_code, headed.content) == (whole.status_code, b"")
        assert headed.headers["content-type"] == whole.headers["content-type"]


@pytest.mark.parametrize("path", [SEARCH, COMPLETIONS, "/v1/embeddings", UPLOAD])
def test_compressed_body_is_refused(site: Site, key: str, path: str) -> None:
    headers = {"Authorization": f"Bearer {key}", "Content-Encoding": "gzip"}
    response = httpx.post(site.url + path, content=gzip.compress(QUERY), headers=headers)
    assert (response.status_code, response.json()["error"]["code"]) == (415, "content_encoding")


# A codec of Python that is none for text, one that always fails, and others.
CHARSETS = ["hex", "undefined", "rot13", "utf-16", "iso-8859-1", "x-unknown", '"', ""]


@pytest.mark.parametrize("charset", CHARSETS)
def test_charset_of_a_body_is_no_error_of_the_server(site: Site, key: str, charset: str) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    typed = headers | {"Content-Type": f"application/json; charset={charset}"}
    found = httpx.get(f"{site.url}{UPLOAD}?status=ready", headers=typed)
    assert (found.status_code, found.json()) == (200, [])
    # JSON is UTF-8 (RFC 8259), whatever it declares.
    refused = httpx.post(site.url + SEARCH, content=b'{"query": ""}', headers=typed)
    assert refused.json()["error"]["param"] == "query"
    refused = httpx.post(site.url + SEARCH, content=b'{"query": "cong\xe9s"}', headers=typed)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_request")
    assert "UTF-8" in refused.json()["error"]["message"]
    form = headers | {"Content-Type": f"{FORM}; charset={charset}"}
    sent = httpx.post(site.url + UPLOAD, content=FILE, headers=form)
    assert sent.status_code in (201, 400)
    assert sent.status_code == 201 or sent.json()["error"]["code"] == "bad_request"
    page = httpx.post(
        f"{site.url}/accounts/login/",
        content=b"login=%e9",
        headers={"Content-Type": f"application/x-www-form-urlencoded; charset={charset}"},
    )
    assert page.status_code in (400, 403)


def test_json_may_begin_with_a_mark_of_utf_8(site: Site, key: str) -> None:
    content = b'\xef\xbb\xbf{"query": ""}'
    headers = {"Authorization": f"Bearer {key}"}
    response = httpx.post(site.url + SEARCH, content=content, headers=headers)
    assert response.json()["error"]["param"] == "query"


def test_same_file_sent_several_times_at_once_is_one_document(site: Site, key: str) -> None:
    together = Barrier(6)

    def send(number: int) -> httpx.Response:
        together.wait(30)
        return httpx.post(
            site.url + UPLOAD,
            files={"file": (f"{number}.txt", b"Neuf heures.")},
            headers={"Authorization": f"Bearer {key}"},
            timeout=60,
        )

    with ThreadPoolExecutor(6) as threads:
        responses = list(threads.map(send, range(6)))
    # More uploads at once than a person may send are refused until some are done.
    assert {each.status_code for each in responses} <= {200, 201, 429}
    stored = [each for each in responses if each.status_code != 429]
    assert [each.status_code for each in stored].count(201) == 1
    assert len({each.json()["id"] for each in stored}) == 1


@pytest.mark.parametrize(("path", "status"), [(SEARCH, 422), (COMPLETIONS, 400)])
@pytest.mark.parametrize("text", ["", "   ", "\0", " \0\n"])
def test_blank_question_is_refused(site: Site, key: str, path: str, status: int, text: str) -> None:
    asked = {"query": text, "messages": [{"role": "user", "content": text}]}
    # Several spaces may stand before a key.
    headers = {"Authorization": f"Bearer  {key}"}
    response = httpx.post(site.url + path, json=asked, headers=headers)
    assert (response.status_code, response.json()["error"]["code"]) == (status, "invalid_request")
