"""The body of a request, read by its view as it arrives instead of being stored before.

``DjangoHandler`` makes one for the requests that the project says (``ragapp.body_allowance``);
elsewhere, as in the test client, a view reads the body that Django has stored.
"""

import asyncio
from collections.abc import AsyncIterator

from django.http import HttpRequest

from web.server.scope import Message, Receive

BODY_STREAM = "ragapp.body_stream"
_BLOCK_BYTES = 1 << 20


class ClientLeft(Exception):
    """The client has disconnected, or was refused, before the end of its body."""


class BodyStream:
    """The parts of one body; ``is_cut`` once its client has left."""

    def __init__(self, receive: Receive) -> None:
        self._source = receive
        self._is_announced = False
        self.is_cut = False

    async def parts(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives. Raises ClientLeft."""
        while True:
            message = await self._source()
            if message["type"] == "http.disconnect":
                self.is_cut = True
                raise ClientLeft
            yield message.get("body", b"")
            if not message.get("more_body"):
                return

    async def receive(self) -> Message:
        """What Django receives: an empty body, and no disconnection, which would end the view."""
        if not self._is_announced:
            self._is_announced = True
            return {"type": "http.request", "body": b"", "more_body": False}
        nothing: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        return await nothing


async def body_parts(request: HttpRequest) -> AsyncIterator[bytes]:
    """Yield the body of a request as it arrives. Raises ClientLeft."""
    stream = getattr(request, "scope", {}).get(BODY_STREAM)
    if stream is None:
        while block := request.read(_BLOCK_BYTES):
            yield block
        return
    async for part in stream.parts():
        yield part
