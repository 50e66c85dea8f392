"""Events of answers that run in another web process, over Valkey (``web.valkey.channels``).

A process that needs the events of an answer publishes a request; the process that runs the answer
sends the past events, then each new one, to a channel of the follower. Nothing is sent for
answers that are followed where they run.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Protocol
from uuid import UUID, uuid4
from weakref import WeakKeyDictionary

import orjson
from django.conf import settings
from redis.asyncio import Redis
from redis.exceptions import RedisError

from web.server.client_queries import uninterrupted
from web.server_sent_events import ServerSentEvent
from web.valkey.channels import Subscription, connected, publish, subscribed

logger = logging.getLogger(__name__)

# ``{answer, channel, seen}`` asks for the events after the first ``seen`` to be sent to a channel;
# without a channel, it asks to stop the answer.
_REQUESTS = "ragapp:answers"
# A request is repeated, as the process may be about to subscribe.
_ASKED_TIMES, _ASKED_EVERY_S = 3, 0.1
# How often a process sends at least an empty message; one that sends none has died.
_SIGN_OF_LIFE_S, _SILENCE_S = 2.0, 6.0
_LISTENS_AGAIN_AFTER_S = 5.0


class Relayed(Protocol):
    """A running answer (``chat.running``): its events so far, and whether it has ended."""

    events: list[ServerSentEvent]
    done: bool

    async def events_after(self, seen: int) -> list[ServerSentEvent]:
        """Wait for the events after the first ``seen``; none is left when the answer is done."""

    def stop(self) -> None:
        """End the answer."""


Find = Callable[[UUID], Relayed | None]

_listeners: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Task[None]] = WeakKeyDictionary()


def listen(find: Find) -> None:
    """Answer the requests of other processes from now on; ``find`` returns an answer that runs."""
    loop = asyncio.get_running_loop()
    if settings.CACHE_URL and loop not in _listeners:
        with uninterrupted():
            _listeners[loop] = loop.create_task(_listen(find), name="requests for answers")


async def ask_to_stop(answer_id: UUID) -> None:
    """Ask the process that runs an answer to stop it at once."""
    with suppress(RedisError):
        async with connected() as server:
            await publish(server, _REQUESTS, _request(answer_id))


async def relayed_events(answer_id: UUID, seen: int) -> AsyncGenerator[ServerSentEvent, None]:
    """Yield the events of an answer that runs in another process.

    Ends after the last event. Raises TimeoutError when no process runs the answer, or no longer;
    RedisError while Valkey is unavailable.
    """
    channel = f"{_REQUESTS}:{uuid4().hex}"
    request = _request(answer_id, channel, seen)
    async with connected() as server, subscribed(server, channel) as subscription:
        message = await _first_message(server, subscription, request)
        while True:
            events, is_end = orjson.loads(message)
            for data, name, identifier in events:
                yield ServerSentEvent(data, name, identifier)
            if is_end:
                return
            message = await subscription.receive(_SILENCE_S)


async def _first_message(server: Redis, subscription: Subscription, request: bytes) -> bytes:
    for _try in range(_ASKED_TIMES):
        await publish(server, _REQUESTS, request)
        with suppress(TimeoutError):
            return await subscription.receive(_ASKED_EVERY_S)
    raise TimeoutError


async def _listen(find: Find) -> None:
    while True:
        try:
            async with connected() as server, subscribed(server, _REQUESTS) as requests:
                await _serve(server, requests, find)
        except RedisError as error:
            logger.warning("answers cannot be followed from other processes: %s", error)
        await asyncio.sleep(_LISTENS_AGAIN_AFTER_S)


async def _serve(server: Redis, requests: Subscription, find: Find) -> None:
    sending: dict[str, asyncio.Task[None]] = {}

    async def send(channel: str, answer: Relayed, seen: int) -> None:
        try:
            # The follower then reads the saved text.
            with suppress(RedisError):
                await _send(server, channel, answer, seen)
        finally:
            del sending[channel]

    try:
        while True:
            request = orjson.loads(await requests.receive())
            answer, channel = find(UUID(request["answer"])), request["channel"]
            if answer is None or channel in sending:
                continue
            if not channel:
                answer.stop()
                continue
            sending[channel] = asyncio.create_task(send(channel, answer, request["seen"]))
    finally:
        for task in list(sending.values()):
            task.cancel()


async def _send(server: Redis, channel: str, answer: Relayed, seen: int) -> None:
    """Send events until the end, or until nobody is subscribed to the channel any more."""
    seen = seen if seen <= len(answer.events) else 0
    is_end = False
    while not is_end:
        events: list[ServerSentEvent] = []
        with suppress(TimeoutError):
            async with asyncio.timeout(_SIGN_OF_LIFE_S):
                events = await answer.events_after(seen)
        seen += len(events)
        is_end = answer.done
        data = [(event.data, event.name, event.id) for event in events]
        if not await publish(server, channel, orjson.dumps((data, is_end))):
            return


def _request(answer_id: UUID, channel: str = "", seen: int = 0) -> bytes:
    return orjson.dumps({"answer": answer_id.hex, "channel": channel, "seen": seen})
