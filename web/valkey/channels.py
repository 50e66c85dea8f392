"""Messages between web processes, over Valkey's channels (``CACHE_URL``).

A message reaches those who are subscribed at that moment; nothing is stored. All functions raise
RedisError while the server cannot be reached, or when there is none.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from django.conf import settings
from redis.asyncio import Redis, from_url
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NotConnected

_TIMEOUT_S = 1.0


class Subscription:
    """The messages that arrive in a channel."""

    def __init__(self, messages: PubSub) -> None:
        self._messages = messages

    async def receive(self, timeout_s: float | None = None) -> bytes:
        """Return the next message; raises TimeoutError when none comes in ``timeout_s``."""
        while True:
            message: dict[str, Any] | None = await self._messages.get_message(
                ignore_subscribe_messages=True, timeout=timeout_s
            )
            if message is not None:
                data: bytes = message["data"]
                return data
            if timeout_s is not None:
                raise TimeoutError


@asynccontextmanager
async def connected() -> AsyncIterator[Redis]:
    """Open connections for the block."""
    if not settings.CACHE_URL:
        raise NotConnected("there is no CACHE_URL")
    never = Retry(NoBackoff(), 0)
    # With a socket_timeout, redis-py sends by asyncio.wait_for, which in Python 3.11 loses a
    # cancellation that comes while it ends: ``_within_limit`` takes its place.
    async with from_url(
        settings.CACHE_URL, socket_timeout=None, socket_connect_timeout=_TIMEOUT_S, retry=never
    ) as server:
        yield server


async def publish(server: Redis, channel: str, message: bytes) -> int:
    """Send a message to a channel and return how many are subscribed to it."""
    async with _within_limit():
        received: int = await server.publish(channel, message)
    return received


@asynccontextmanager
async def subscribed(server: Redis, channel: str) -> AsyncIterator[Subscription]:
    """Subscribe to a channel for the block; what is published in it from then on arrives."""
    async with server.pubsub() as messages:
        async with _within_limit():
            await messages.subscribe(channel)
            await messages.get_message(timeout=_TIMEOUT_S)
        yield Subscription(messages)


@asynccontextmanager
async def _within_limit() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            yield
    except TimeoutError as error:
        raise NotConnected("the server does not answer") from error
