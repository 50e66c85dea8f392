"""One request, whatever is in it, neither stops the event loop nor takes much memory."""

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import pytest
from django.test import Client

from chat.api.messages import (
    MAX_INSTRUCTIONS,
    MAX_INSTRUCTIONS_CHARS,
    MAX_MESSAGE_CHARS,
    MAX_MESSAGES,
    MAX_PARTS,
)
from chat.conversations.turns import MAX_QUESTION_CHARS
from instances.access.api_keys import create_api_key
from instances.tenancy import tenant
from ragapp.asgi import application
from ragapp.body_allowance import MAX_BODY_BYTES, MAX_JSON_BYTES
from retrieval.search import MAX_DOCUMENTS
from tests.cast import Cast
from tests.factories import DocumentFactory, DocumentPageFactory
from tests.web_server import Site, serve

COMPLETIONS, SEARCH = "/v1/chat/completions", "/api/v1/search"
# Generous: what is bounded here took 22 seconds and three gigabytes.
LONGEST_STALL_S = 2.0
MOST_MEMORY_BYTES = 400 << 20
QUESTION = {"role": "user", "content": "Combien de jours ?"}


@pytest.fixture
def site(library: Cast, settings: Any) -> Iterator[Site]:
    settings.REQUEST_BODY_TIMEOUT_S = 30.0
    with serve(application, http="web.server.http_protocol:LimitedHttpProtocol") as running:
        yield running


@pytest.fixture
def key(library: Cast) -> dict[str, str]:
    _key, plaintext = create_api_key(
        instance=library.instance, name="test", scope="manage", created_by=library.owner
    )
    return {"Authorization": f"Bearer {plaintext}", "Content-Type": "application/json"}


@dataclass
class Stall:
    """The longest time in which the event loop did nothing else."""

    longest_s: float = 0.0


@contextmanager
def watched(site: Site) -> Iterator[Stall]:
    """Measure the pauses of the event loop that serves ``site``."""
    stall = Stall()

    async def watch() -> None:
        loop = asyncio.get_running_loop()
        last = loop.time()
        while True:
            await asyncio.sleep(0.01)
            stall.longest_s = max(stall.longest_s, loop.time() - last)
            last = loop.time()

    watcher = asyncio.run_coroutine_threadsafe(watch(), site.loop)
    try:
        yield stall
    finally:
        watcher.cancel()


def body(payload: Any) -> bytes:
    return orjson.dumps(payload)


def filled(before: bytes, piece: bytes, after: bytes) -> bytes:
    """A body as large as the HTTP API takes."""
    count = (MAX_JSON_BYTES - len(before) - len(after)) // len(piece)
    return before + (piece * count).rstrip(b",") + after


HOSTILE = {
    "parts": filled(b'{"messages":[{"role":"user","content":[', b"{},", b"]}]}"),
    "messages": filled(b'{"messages":[', b"{},", b"]}"),
    "wrong messages": filled(b'{"messages":[', b"0,", b"]}"),
    "documents": filled(b'{"query":"a","document_ids":[', b"0,", b"]}"),
    "one long question": filled(b'{"query":"', b"il y ", b'"}'),
    "one long message": filled(b'{"messages":[{"role":"user","content":"', b"il ?", b'"}]}'),
    "nested": filled(b'{"messages":', b"[", b""),
    "nested objects": filled(b'{"messages":', b'{"a":', b""),
    "names": filled(b"{", b'"abcdefgh":0,', b"}"),
    "digits": filled(b'{"top_k":', b"9", b"}"),
    "escapes": filled(b'{"query":"', rb"\u00e9", b'"}'),
    "not JSON": filled(b"", b"\xff", b""),
}


@pytest.mark.parametrize("path", [COMPLETIONS, SEARCH])
@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_hostile_body_is_refused_at_once_with_a_short_message(site, key, path, content):
    with watched(site) as stall:
        answer = httpx.post(site.url + path, content=content, headers=key, timeout=60)
    assert answer.status_code in {400, 422}
    assert answer.json()["error"]["code"] == "invalid_request"
    assert len(answer.content) < 4000
    assert stall.longest_s < LONGEST_STALL_S


@pytest.mark.parametrize("path", [COMPLETIONS, SEARCH])
def test_a_body_beyond_the_limit_is_not_read(site, key, path):
    content = b" " * (MAX_JSON_BYTES + 1)
    answer = httpx.post(site.url + path, content=content, headers=key)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


REFUSED = {
    "question": [QUESTION | {"content": "a" * (MAX_QUESTION_CHARS + 1)}],
    "question in parts": [
        QUESTION | {"content": [{"type": "text", "text": "a" * 5000}] * 2},
    ],
    "many instructions": [
        *([{"role": "system", "content": "a"}] * (MAX_MESSAGES + MAX_INSTRUCTIONS)),
        QUESTION,
    ],
    "parts": [QUESTION | {"content": [{"type": "text", "text": "a"}] * (MAX_PARTS + 1)}],
    "message": [{"role": "assistant", "content": "a" * (MAX_MESSAGE_CHARS + 1)}, QUESTION],
    "instructions": [{"role": "system", "content": "a" * (MAX_INSTRUCTIONS_CHARS + 1)}, QUESTION],
}


@pytest.mark.parametrize("messages", REFUSED.values(), ids=REFUSED)
def test_api_has_the_limits_of_the_browser(site, key, messages):
    answer = httpx.post(site.url + COMPLETIONS, content=body({"messages": messages}), headers=key)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")


TAKEN = {
    "a question": [QUESTION | {"content": "jours " * (MAX_QUESTION_CHARS // 6)}],
    "many messages": [QUESTION] * 100 * MAX_MESSAGES,
    "a conversation": [
        *([QUESTION, {"role": "assistant", "content": "y " * (MAX_MESSAGE_CHARS // 2)}] * 14),
        {"role": "user", "content": "Et pour les doctorants ?"},
    ],
}


@pytest.mark.parametrize("messages", TAKEN.values(), ids=TAKEN)
def test_longest_question_and_conversation_do_not_block_the_event_loop(site, key, messages):
    content = body({"messages": messages, "model": "extractive"})
    with watched(site) as stall:
        answer = httpx.post(site.url + COMPLETIONS, content=content, headers=key, timeout=60)
    assert answer.status_code == 200
    assert stall.longest_s < LONGEST_STALL_S


def test_ten_problems_are_reported_at_most(site, key):
    wrong = {"messages": [], "model": 1, "stream": "x", "n": 2, "stream_options": 1} | {
        name: "x" for name in ("max_tokens", "max_completion_tokens", "temperature")
    }
    answer = httpx.post(site.url + COMPLETIONS, content=body(wrong), headers=key)
    assert answer.status_code == 400
    assert 1 < len(answer.json()["error"]["message"].split("; ")) <= 10
    documents = {"query": "a", "document_ids": ["x"] * MAX_DOCUMENTS}
    answer = httpx.post(site.url + SEARCH, content=body(documents), headers=key)
    assert len(answer.json()["error"]["message"].split("; ")) <= 10


URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'
FORMS = {
    "escapes": (URLENCODED, b"%41" * (MAX_BODY_BYTES // 3)),
    "fields": (URLENCODED, b"a=&" * (MAX_BODY_BYTES // 3)),
    "one name": (URLENCODED, b"a" * MAX_BODY_BYTES),
    "parts": (MULTIPART, PART * (MAX_BODY_BYTES // len(PART))),
    "a part that does not end": (MULTIPART, PART + b"a" * (MAX_BODY_BYTES - len(PART))),
}


@pytest.mark.parametrize(("content_type", "content"), FORMS.values(), ids=FORMS)
def test_large_form_does_not_block_the_event_loop(site, content_type, content):
    headers = {
        "Content-Type": content_type,
        "Cookie": f"csrftoken={'c' * 32}",
    }
    with watched(site) as stall:
        answer = httpx.post(
            f"{site.url}/accounts/login/", content=content, headers=headers, timeout=60
        )
    assert answer.status_code in {400, 403, 413}
    assert stall.longest_s < LONGEST_STALL_S


def test_number_of_document_ids_of_a_question_is_limited(site, library):
    client = Client()
    client.force_login(library.teammate)
    payload = {"question": "a", "document_ids": [str(library.instance.organisation_id)] * 100_000}
    answer = client.post(
        f"/i/{library.instance.slug}/ask/", body(payload), content_type="application/json"
    )
    assert answer.status_code == 400
    assert len(answer.content) < 1000


def test_the_text_of_a_large_document_is_sent_in_pieces(site, key, library):
    pages, chars = 200, 100_000
    document = DocumentFactory(instance=library.instance, pages=pages)
    for number in range(1, pages + 1):
        DocumentPageFactory(
            instance=library.instance, document=document, number=number, text="mot " * (chars // 4)
        )
    with tenant(library.instance):
        assert document.pages == pages
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    url = f"{site.url}/api/v1/documents/{document.pk}/text"
    for accepted in ("text/plain", "application/json"):
        received = 0
        with (
            watched(site) as stall,
            httpx.stream("GET", url, headers=key | {"Accept": accepted}, timeout=60) as answer,
        ):
            for piece in answer.iter_raw():
                received += len(piece)
        assert received >= pages * chars
        assert stall.longest_s < LONGEST_STALL_S
    grown = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    assert grown < MOST_MEMORY_BYTES
