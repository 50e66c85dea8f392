"""Client of language models: `stream_chat`, `whole_answer`, `list_models`."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import orjson

from inference.chat_options import NO_OPTIONS, ChatOptions
from inference.errors import BackendTimeout, InferenceError, ProtocolError, TruncatedStream
from inference.llm.answer import Answer
from inference.llm.backend import ChatBackend, ChatMessage
from inference.llm.events import (
    ChatEvent,
    Delta,
    Finished,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)
from inference.llm.failures import find_reported_error, to_error
from inference.llm.retries import RetryBudget
from inference.llm.wire import (
    Timeouts,
    leave_unread,
    open_response,
    pause_between_reads_s,
    read_bytes,
    read_events,
)
from inference.token_usage import TokenUsage

logger = logging.getLogger(__name__)

# After finish_reason only the usage and [DONE] are to come; after those, only the connection's end.
LAST_WORDS_TIMEOUT_S = 5.0
DRAIN_TIMEOUT_S = 1.0
LIST_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class CompletedChat:
    """A whole answer."""

    text: str
    reasoning: str
    finish_reason: str
    usage: TokenUsage


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model that a backend serves, and its context window in tokens, if reported."""

    name: str
    context_window: int | None


async def stream_chat(
    backend: ChatBackend,
    messages: Sequence[ChatMessage],
    *,
    max_tokens: int,
    temperature: float,
    stop: Sequence[str] = (),
    options: ChatOptions = NO_OPTIONS,
) -> AsyncGenerator[ChatEvent, None]:
    """Yield the events of the answer; deltas that arrive together are joined into one.

    Closing the generator (`contextlib.aclosing`) or cancelling its task closes the connection,
    which stops the generation. An answer may be empty. Before the first delta, transient failures
    are retried within the backend's limits; after it, never. An answer of more than `max_tokens`,
    or beyond a sequence of `stop`, from a server that ignores them, is cut, with the finish reason
    "length" or "stop". Raises InferenceError, with the text so far (`partial`) and its `usage`.
    """
    body = backend.request_body(
        messages, max_tokens=max_tokens, temperature=temperature, stop=stop, options=options
    )
    budget = RetryBudget(backend)
    timeouts = Timeouts(backend.first_byte_timeout_s, backend.total_timeout_s)
    while True:
        answer = Answer(messages, max_tokens, stop)
        try:
            async with aclosing(_attempt(backend, body, answer, timeouts)) as events:
                async for event in events:
                    yield event
            return
        except InferenceError as error:
            pause_s = None if answer.has_begun else budget.next_pause_s(error)
            _log_failure(backend, error, pause_s)
            if pause_s is None:
                answer.explain(error)
                raise
        await asyncio.sleep(pause_s)


async def whole_answer(events: AsyncGenerator[object, None]) -> CompletedChat:
    """Return the answer whose events these are, at once; raises what they raise."""
    text: list[str] = []
    reasoning: list[str] = []
    async with aclosing(events):
        async for event in events:
            match event:
                case TextDelta(piece):
                    text.append(piece)
                case ReasoningDelta(piece):
                    reasoning.append(piece)
                case Finished(finish_reason, usage):
                    return CompletedChat("".join(text), "".join(reasoning), finish_reason, usage)
    raise TruncatedStream("The events ended without Finished.")


async def list_models(backend: ChatBackend) -> list[ServedModel]:
    """Return the models that the backend serves now; raises InferenceError."""
    timeouts = Timeouts(LIST_TIMEOUT_S, LIST_TIMEOUT_S)
    async with open_response(backend, "GET", "models", timeouts) as response:
        body = b"".join([piece async for piece in read_bytes(response, timeouts)])
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ProtocolError(f"Not a list of models: {body[:200]!r}") from error
    if isinstance(payload, dict) and (reported := find_reported_error(payload)):
        raise to_error(reported)
    models = payload.get("data") if isinstance(payload, dict) else None
    if not isinstance(models, list):
        raise ProtocolError(f"Not a list of models: {body[:200]!r}")
    return [
        ServedModel(each["id"], _context_window(each))
        for each in models
        if isinstance(each, dict) and isinstance(each.get("id"), str)
    ]


async def _attempt(
    backend: ChatBackend, body: dict[str, Any], answer: Answer, timeouts: Timeouts
) -> AsyncGenerator[ChatEvent, None]:
    """Yield the events of one request; raises what `Answer.take` raises."""
    timeouts.silence_s = backend.first_byte_timeout_s
    async with (
        open_response(backend, "POST", "chat/completions", timeouts, body) as response,
        aclosing(read_events(response, timeouts)) as batches,
    ):
        try:
            async for batch in batches:
                for delta in _join(answer.take(batch)):
                    yield delta
                if answer.is_done:
                    break
                if answer.is_whole:
                    timeouts.silence_s = LAST_WORDS_TIMEOUT_S
                elif answer.has_begun:
                    timeouts.silence_s = backend.read_timeout_s
                    await leave_unread(response, pause_between_reads_s())
        except (BackendTimeout, TruncatedStream):
            if not answer.is_whole:
                raise
        for event in answer.end():
            yield event
        if not answer.was_cut:
            await _drain(batches, timeouts)


def _log_failure(backend: ChatBackend, error: InferenceError, pause_s: float | None) -> None:
    """Log a failed request, and after how many seconds it is sent again (None: it is not)."""
    logger.warning(
        "%s of %s: %s: %s (%s)",
        backend.model,
        backend.base_url,
        error.code,
        error,
        "giving up" if pause_s is None else f"again in {pause_s:.1f} s",
    )


async def _drain(batches: AsyncGenerator[Any, None], timeouts: Timeouts) -> None:
    """Read the end of the response, so that its connection can be reused."""
    timeouts.silence_s = DRAIN_TIMEOUT_S
    try:
        async for _ in batches:
            continue
    except InferenceError as error:
        logger.debug("The connection ended late: %s", error)


def _join(deltas: Iterable[Delta]) -> Iterator[Delta]:
    """Join consecutive texts of the same type, also those before an error."""
    kind: type[TextDelta | ReasoningDelta] = TextDelta
    pieces: list[str] = []
    try:
        for delta in deltas:
            if type(delta) is not kind and pieces:
                yield kind("".join(pieces))
                pieces = []
            if isinstance(delta, ToolCallDelta):
                yield delta
            else:
                kind = type(delta)
                pieces.append(delta.text)
    except InferenceError:
        if pieces:
            yield kind("".join(pieces))
        raise
    if pieces:
        yield kind("".join(pieces))


def _context_window(model: dict[str, Any]) -> int | None:
    """Return the context window as vLLM, OpenGateLLM or llama.cpp report it."""
    meta = model.get("meta")
    sizes = [model.get("max_model_len"), model.get("max_context_length")]
    if isinstance(meta, dict):
        sizes.append(meta.get("n_ctx"))
    return next((size for size in sizes if isinstance(size, int) and size > 0), None)
