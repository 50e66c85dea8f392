"""The official MCP client, unchanged, against a real server."""

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import httpx2
import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from instances.access.api_keys import create_api_key
from instances.models import Instance
from tests.cast import Cast

# Of clients today, and of the revision without a handshake.
REVISIONS = ("legacy", "2026-07-28")

Use = Callable[[Client], Awaitable[Any]]


@pytest.fixture
def key(library: Cast) -> str:
    """A key of the library's instance."""
    return new_key(library.instance, library)


@pytest.fixture
def connected(site: str, library: Cast, key: str) -> Callable[..., Any]:
    """Runs a function with a client of the library's instance."""
    return lambda use, **options: run(f"{site}/mcp/{library.instance.slug}", key, use, **options)


def new_key(instance: Instance, cast: Cast) -> str:
    owner = cast.owner if instance == cast.instance else cast.stranger
    _key, plaintext = create_api_key(instance=instance, name="test", scope="chat", created_by=owner)
    return plaintext


def run(url: str, key: str, use: Use, *, mode: str = "auto") -> Any:
    """Connect with a key, and return what ``use(client)`` returns."""

    async def connect() -> Any:
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
            transport = streamable_http_client(url, http_client=http)
            async with Client(transport, mode=mode) as client:
                return await use(client)

    return anyio.run(connect)
