"""Collect a chat stream, for the tests."""

from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

from inference.errors import InferenceError
from inference.llm.backend import ChatBackend, ChatMessage
from inference.llm.client import stream_chat
from inference.llm.events import ChatEvent, Finished, ReasoningDelta, TextDelta
from instances.models import Sensitivity
from tests.scripted_llm import chunk

QUESTION = (ChatMessage("user", "Quelle est la capitale de la France ?", Sensitivity.INTERNAL),)
PARIS = chunk("C'est Paris")
STOP = chunk(finish_reason="stop")


async def collect(
    backend: ChatBackend, messages: Sequence[ChatMessage] = QUESTION, **options: Any
) -> list[ChatEvent]:
    """Return all the events of one answer."""
    events = stream_chat(backend, messages, **{"max_tokens": 64, "temperature": 0.0, **options})
    async with aclosing(events):
        return [event async for event in events]


def text_of(events: Sequence[ChatEvent]) -> str:
    """Return the text of the answer."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def reasoning_of(events: Sequence[ChatEvent]) -> str:
    """Return the reasoning before the answer."""
    return "".join(event.text for event in events if isinstance(event, ReasoningDelta))


def end_of(events: Sequence[ChatEvent]) -> Finished:
    """Return the last event, which must be the end of a whole answer."""
    assert isinstance(events[-1], Finished)
    return events[-1]


async def failure_of(backend: ChatBackend) -> tuple[list[ChatEvent], InferenceError]:
    """Return the events before the failure, and the failure."""
    events = []
    try:
        async for event in stream_chat(backend, QUESTION, max_tokens=64, temperature=0.0):
            events.append(event)
    except InferenceError as error:
        return events, error
    raise AssertionError(f"No failure, but {events}")
