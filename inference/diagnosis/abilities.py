"""Detects what a model can do beyond text, by one small request for each ability.

A server may ignore what it does not know, so the answers are read, not only the errors.
"""

import asyncio
import re
import struct
import zlib
from base64 import b64encode
from collections.abc import AsyncGenerator

import orjson

from inference.chat_options import NO_OPTIONS, Ability, ChatOptions
from inference.diagnosis.counted import Spent
from inference.errors import InferenceError
from inference.llm.backend import ChatBackend, ChatMessage
from inference.llm.events import ChatEvent, TextDelta, ToolCallDelta
from instances.models import Sensitivity

# Reasoning models think first.
MAX_TOKENS = 400
# Of each request.
PATIENCE_S = 20.0
_CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
_LEGS = {
    "type": "object",
    "properties": {"legs": {"type": "integer"}},
    "required": ["legs"],
    "additionalProperties": False,
}
_RED = re.compile(r"\b(red|rouge)\b", re.IGNORECASE)


async def detect_abilities(connection: ChatBackend, spent: Spent) -> frozenset[Ability]:
    """Return what the model of ``connection`` can do; a request that fails means no."""
    found = set()
    for ability in Ability:
        try:
            async with asyncio.timeout(PATIENCE_S):
                if await _has(connection, ability, spent):
                    found.add(ability)
        except (InferenceError, TimeoutError):
            continue
    return frozenset(found)


async def _has(connection: ChatBackend, ability: Ability, spent: Spent) -> bool:
    match ability:
        case Ability.TOOLS:
            function = {"name": "get_weather", "parameters": _CITY}
            options = ChatOptions(tools=({"type": "function", "function": function},))
            events = _ask(spent, connection, "Call get_weather for Paris.", options=options)
            return any([isinstance(event, ToolCallDelta) async for event in events])
        case Ability.JSON:
            schema = {"name": "cat", "schema": _LEGS, "strict": True}
            wanted = {"type": "json_schema", "json_schema": schema}
            options = ChatOptions(response_format=wanted)
            text = await _text(_ask(spent, connection, "How many legs has a cat?", options=options))
            return _is_legs(text)
        case Ability.IMAGES:
            question = "What is the colour of this image? Answer with one word."
            return bool(
                _RED.search(await _text(_ask(spent, connection, question, images=(_red(),))))
            )


def _ask(
    spent: Spent,
    connection: ChatBackend,
    question: str,
    *,
    images: tuple[str, ...] = (),
    options: ChatOptions = NO_OPTIONS,
) -> AsyncGenerator[ChatEvent, None]:
    message = ChatMessage("user", question, Sensitivity.PUBLIC, images=images)
    return spent.ask(connection, [message], max_tokens=MAX_TOKENS, options=options)


async def _text(events: AsyncGenerator[ChatEvent, None]) -> str:
    return "".join([event.text async for event in events if isinstance(event, TextDelta)])


def _is_legs(text: str) -> bool:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return isinstance(value, dict) and list(value) == ["legs"] and isinstance(value["legs"], int)


def _red(side: int = 64) -> str:
    """Return a red square as a data URL (PNG, https://www.w3.org/TR/png-3/)."""
    rows = (b"\0" + b"\xff\0\0" * side) * side
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return f"data:image/png;base64,{b64encode(png).decode()}"
