"""Asks the backends of a model in order until one answers.

A backend whose breaker is open is passed over (``inference.health``). Before the first word, a
failure leads to the next backend; after it, never: readers would see two answers mixed.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from inference import health
from inference.errors import BackendUnavailable, InferenceError
from inference.fair_turns import NOBODY, Asker
from inference.llm.backend import ChatMessage
from inference.llm.client import stream_chat
from inference.llm.events import ChatEvent, Finished, ReasoningDelta, TextDelta
from inference.offered_models import ModelFigures, OfferedModel


@dataclass(frozen=True, slots=True)
class Rerouted:
    """Another backend than the first one is asked: the answer is measured by its figures.

    ``error_code`` is that of the last backend asked, "" when none has been asked yet.
    """

    model: ModelFigures
    error_code: str = ""


async def stream_answer(
    model: OfferedModel,
    messages: Sequence[ChatMessage],
    *,
    max_tokens: int,
    temperature: float,
    stop: Sequence[str] = (),
    asker: Asker = NOBODY,
) -> AsyncGenerator[ChatEvent | Rerouted, None]:
    """Yield the events of the answer of the first backend that gives one, as ``stream_chat`` does.

    ``model`` is not extractive. Raises the error of the last backend asked, or BackendUnavailable
    if all breakers are open.
    """
    error: InferenceError | None = None
    connections = model.connections
    for figures, connection in connections:
        state = await asyncio.to_thread(health.admit, connection)
        if state is None:
            continue
        if figures is not model.figures:
            yield Rerouted(figures, error.code if error else "")
        # Another backend is a better retry than the same one.
        is_last = connection is connections[-1][1]
        attempted = connection if is_last else replace(connection, max_retries=0)
        has_begun = False
        events = stream_chat(
            attempted,
            messages,
            max_tokens=max_tokens,
            temperature=temperature,
            stop=stop,
            asker=asker,
        )
        try:
            async with aclosing(events):
                async for event in events:
                    if not has_begun and isinstance(event, TextDelta | ReasoningDelta | Finished):
                        has_begun = True
                        if state != health.HEALTHY:
                            await asyncio.to_thread(health.succeeded, connection)
                    yield event
                return
        except InferenceError as failure:
            await asyncio.to_thread(health.failed, connection, failure)
            if has_begun or failure.is_fault_of_request:
                raise
            error = failure
    raise error or BackendUnavailable(f"every backend of {model.id} has failed recently")


def smallest_context_window(model: OfferedModel) -> int | None:
    """Return the smallest context window of the model's backends, None if none is known."""
    windows = [connection.context_window for _figures, connection in model.connections]
    return min(filter(None, windows), default=None)
