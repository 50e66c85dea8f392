"""Compression of responses: pages and JSON, but not streams."""

import asyncio
import gzip

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory

from ragapp.middleware.inline import GZipMiddleware

TEXT = "une réponse assez longue " * 40


@pytest.fixture
def travel():
    """Pass a response through the middleware, for a browser that accepts gzip."""
    request = RequestFactory().get("/", HTTP_ACCEPT_ENCODING="gzip, br")
    return lambda response: GZipMiddleware(lambda _: response)(request)


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/json"])
def test_pages_and_json_are_compressed(travel, kind):
    response = travel(HttpResponse(TEXT, content_type=kind))

    assert response["Content-Encoding"] == "gzip"
    assert gzip.decompress(response.content).decode() == TEXT


def test_event_streams_are_not_compressed(travel):
    response = travel(StreamingHttpResponse([TEXT.encode()], content_type="text/event-stream"))

    assert not response.has_header("Content-Encoding")
    assert b"".join(response.streaming_content).decode() == TEXT


def test_other_media_types_are_not_compressed(travel):
    response = travel(HttpResponse(b"%PDF" * 400, content_type="application/pdf"))

    assert not response.has_header("Content-Encoding")


def test_favicon_ico_redirects_to_the_svg(client):
    response = client.get("/favicon.ico")

    assert response.status_code == 302
    assert response["Location"] == "/static/favicon.svg"


async def test_a_large_page_is_compressed_while_others_are_served():
    """Compression runs in a thread: the event loop stays free."""
    request = RequestFactory().get("/", HTTP_ACCEPT_ENCODING="gzip")
    text = TEXT * 5_000

    async def page(_request):
        return HttpResponse(text, content_type="text/html")

    done = asyncio.create_task(GZipMiddleware(page)(request))
    turns = 0
    while not done.done():
        await asyncio.sleep(0)
        turns += 1
    assert gzip.decompress(done.result().content).decode() == text
    assert turns > 10
