"""Follow an answer as a browser does: the events in the response of the site."""

from collections.abc import AsyncGenerator
from contextlib import nullcontext
from uuid import UUID

import orjson

from chat.following import events_response
from instances.models import Instance
from web.server_sent_events import ServerSentEvent


async def follow(
    instance: Instance, answer_id: UUID, seen: int, *, cited_only: bool
) -> AsyncGenerator[ServerSentEvent, None]:
    """Yield the events of an answer after the first ``seen``."""
    response = events_response(
        instance, answer_id, seen, cited_only=cited_only, during=nullcontext()
    )
    async for chunk in response:
        for block in chunk.strip().split(b"\n\n"):
            fields = dict(line.split(": ", 1) for line in block.decode().splitlines())
            if "data" in fields:  # otherwise a comment
                data = orjson.loads(fields["data"])
                yield ServerSentEvent(data, fields.get("event"), fields.get("id"))
