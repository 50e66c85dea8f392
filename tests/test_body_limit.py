"""A body larger than any upload is refused before it is read to its end."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from ragapp.body_limit import BodyLimit

LIMIT = 1000


async def length_of_body(scope: Any, receive: Any, send: Any) -> None:
    """An application that reads the whole body, as Django does, and answers its length."""
    length = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        length += len(message["body"])
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(length).encode()})


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(BodyLimit(length_of_body, LIMIT))
    async with httpx.AsyncClient(transport=transport, base_url="http://site") as http:
        yield http


async def pieces(total: int) -> AsyncIterator[bytes]:
    for _ in range(0, total, 100):
        yield b"x" * 100


async def test_body_within_the_limit_passes(client: httpx.AsyncClient) -> None:
    assert (await client.post("/", content=b"x" * LIMIT)).text == str(LIMIT)
    assert (await client.post("/", content=pieces(LIMIT))).text == str(LIMIT)


async def test_declared_length_beyond_the_limit_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post("/", content=b"x" * (LIMIT + 1))
    assert response.status_code == 413
    assert response.json()["error"]["code"] == "too_large"


async def test_undeclared_length_beyond_the_limit_is_refused(client: httpx.AsyncClient) -> None:
    assert (await client.post("/", content=pieces(10 * LIMIT))).status_code == 413
