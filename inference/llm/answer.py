"""One answer, assembled from the events of the server."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import orjson

from inference.errors import InferenceError, ProtocolError, TruncatedStream
from inference.llm.backend import ChatMessage
from inference.llm.events import (
    ChatEvent,
    Delta,
    Finished,
    PromptTruncated,
    ReasoningDelta,
    TextDelta,
)
from inference.llm.failures import find_reported_error, to_error
from inference.llm.length import LengthLimit, StopSequences
from inference.llm.sse import ServerEvent
from inference.llm.thinking import ThinkSplitter
from inference.llm.tokens import estimate_prompt_tokens, estimate_tokens
from inference.llm.tool_calls import ToolCallReader
from inference.llm.usage import REPORTED_KEYS, read_usage
from inference.token_usage import TokenUsage

BROKEN_FINISHES = frozenset({"abort", "error"})
# Our estimate is within a third of the truth (see tokens.py): below half of it, text is missing.
TRUNCATION_RATIO = 0.5
TRUNCATION_MIN_TOKENS = 500


# What else an event may say, beside its choices.
_NOTED = frozenset({*REPORTED_KEYS, "error"})
_PLAIN = frozenset({"role", "content"})


class Answer:
    """The state of one answer: its text so far, whether it has ended, its usage."""

    def __init__(
        self, messages: Sequence[ChatMessage], max_tokens: int, stop: Sequence[str] = ()
    ) -> None:
        self._messages = messages
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._arguments: list[str] = []
        self._calls = ToolCallReader()
        self._splitter = ThinkSplitter()
        self._limit = LengthLimit(max_tokens)
        self._stop = StopSequences(stop)
        self._reported: dict[str, Any] = {}
        self._finish_reason = self._model = ""
        self.is_done = False

    @property
    def has_begun(self) -> bool:
        """Whether a part of the answer has been yielded: from then on, no retry."""
        return bool(self._text or self._reasoning or self._arguments)

    @property
    def is_whole(self) -> bool:
        """Whether the answer has ended, by the server or by the limit of its length."""
        return self.is_done or bool(self._finish_reason)

    @property
    def was_cut(self) -> bool:
        """Whether the answer was ended here, as the server ignored `max_tokens` or `stop`."""
        return self._limit.is_exceeded or self._stop.is_reached

    @property
    def text(self) -> str:
        """Return the answer so far, without its reasoning."""
        return "".join(self._text)

    def take(self, server_events: Iterable[ServerEvent]) -> Iterator[Delta]:
        """Yield the deltas in these events.

        Raises the InferenceError that an event reports, and ProtocolError if one is not JSON.
        """
        plain: list[str] = []
        for server_event in server_events:
            if server_event.is_done:
                yield from self._take_plain(plain)
                self.is_done = True
                return
            try:
                payload = _load(server_event)
            except ProtocolError:
                yield from self._take_plain(plain)
                if self.was_cut:
                    return
                raise
            if (content := _plain_content(payload)) is not None:
                self._model = payload.get("model") or self._model
                plain.append(content)
                continue
            yield from self._take_plain(plain)
            plain.clear()
            if self.was_cut:
                return
            if reported := find_reported_error(payload):
                raise to_error(reported)
            yield from self._take_payload(payload)
            self._end_if_cut()
            if self.was_cut:
                return
        yield from self._take_plain(plain)

    def end(self) -> Iterator[ChatEvent]:
        """Yield the last events, after the end of the stream.

        Raises TruncatedStream when the stream ended before the answer.
        """
        yield from self._keep(self._splitter.close())
        yield from self._said(self._stop.close())
        if not self.is_whole or self._finish_reason in BROKEN_FINISHES:
            reason = self._finish_reason or "neither finish_reason nor [DONE]"
            raise TruncatedStream(f"The stream ended with {reason}.")
        usage = self.usage()
        sent = self._sent_tokens
        if sent >= TRUNCATION_MIN_TOKENS and usage.prompt_tokens < TRUNCATION_RATIO * sent:
            yield PromptTruncated(sent_tokens=sent, seen_tokens=usage.prompt_tokens)
        yield Finished(self._finish_reason or "stop", usage, self._model)

    def usage(self) -> TokenUsage:
        """Return the tokens used so far, as reported, else estimated."""
        reasoning = "".join(self._reasoning)
        written = (self.text, reasoning, *self._arguments)
        return read_usage(
            self._reported,
            prompt_tokens=self._sent_tokens,
            completion_tokens=sum(map(estimate_tokens, written)),
            reasoning_tokens=estimate_tokens(reasoning),
        )

    def explain(self, error: InferenceError) -> None:
        """Add to the error the text and the usage before it."""
        if self.has_begun:
            error.partial = self.text
            error.usage = self.usage()

    @cached_property
    def _sent_tokens(self) -> int:
        return estimate_prompt_tokens(self._messages)

    def _take_plain(self, pieces: Sequence[str]) -> Iterator[Delta]:
        """Yield the deltas of pieces of text that nothing stands between, all at once."""
        if not pieces:
            return
        text = "".join(pieces)
        if self._limit.takes(len(pieces), text):
            yield from self._keep(self._splitter.feed(text))
        else:
            for piece in pieces:
                yield from self._keep(self._splitter.feed(self._limit.cut(piece)))
        self._end_if_cut()

    def _end_if_cut(self) -> None:
        if self.was_cut:
            self.is_done = True
            self._finish_reason = "stop" if self._stop.is_reached else "length"

    def _take_payload(self, payload: Mapping[str, Any]) -> Iterator[Delta]:
        self._reported |= {key: payload[key] for key in REPORTED_KEYS if payload.get(key)}
        if isinstance(model := payload.get("model"), str):
            self._model = model
        choices = payload.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict):
            return
        delta = choice.get("delta") or choice.get("message")
        if isinstance(delta, dict):
            yield from self._keep(self._read_delta(delta))
            for call in self._calls.read(delta.get("tool_calls")):
                self._arguments.append(self._limit.cut(call.arguments))
                yield call
        if finish_reason := choice.get("finish_reason"):
            self._finish_reason = str(finish_reason)
        elif "message" in choice:
            self.is_done = True

    def _read_delta(self, delta: Mapping[str, Any]) -> Iterator[TextDelta | ReasoningDelta]:
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        if isinstance(thought, str) and (thought := self._limit.cut(thought) if thought else ""):
            yield ReasoningDelta(thought)
        content = delta.get("content")
        if isinstance(content, str) and content:
            yield from self._splitter.feed(self._limit.cut(content))
        elif isinstance(content, list):
            for part in _read_parts(content):
                yield type(part)(self._limit.cut(part.text))

    def _keep(
        self, deltas: Iterable[TextDelta | ReasoningDelta]
    ) -> Iterator[TextDelta | ReasoningDelta]:
        for delta in map(_without_nul, deltas):
            if isinstance(delta, TextDelta):
                yield from self._said(self._stop.feed(delta.text))
            elif delta.text:
                self._reasoning.append(delta.text)
                yield delta

    def _said(self, text: str) -> Iterator[TextDelta]:
        if text:
            self._text.append(text)
            yield TextDelta(text)


def _plain_content(payload: Mapping[str, Any]) -> str | None:
    """Return the text of an event that says nothing else, as nearly all of a stream do."""
    choices = payload.get("choices")
    if not isinstance(choices, list) or len(choices) != 1 or not isinstance(choices[0], dict):
        return None
    choice = choices[0]
    delta = choice.get("delta")
    if not isinstance(delta, dict) or choice.get("finish_reason"):
        return None
    content = delta.get("content")
    if not isinstance(content, str) or not content:
        return None
    says_more = (
        (not _NOTED.isdisjoint(payload) and any(payload.get(key) for key in _NOTED))
        or (len(delta) > 1 and any(delta[key] for key in delta if key not in _PLAIN))
        or payload.get("object") == "error"
        or not isinstance(payload.get("model") or "", str)
    )
    return None if says_more else content


def _without_nul(delta: TextDelta | ReasoningDelta) -> TextDelta | ReasoningDelta:
    """Remove NUL, the only character that PostgreSQL cannot store."""
    return type(delta)(delta.text.replace("\0", "")) if "\0" in delta.text else delta


def _load(server_event: ServerEvent) -> Mapping[str, Any]:
    try:
        payload = orjson.loads(server_event.data)
    except orjson.JSONDecodeError as error:
        if server_event.name != "error":
            raise ProtocolError(f"Not JSON: {server_event.data[:200]!r}") from error
        payload = {"error": server_event.data}
    if server_event.name == "error":
        payload = payload if isinstance(payload, dict) else {"error": payload}
        return payload if find_reported_error(payload) else {"error": payload}
    if not isinstance(payload, dict):
        raise ProtocolError(f"Not an object: {server_event.data[:200]!r}")
    return payload


def _read_parts(parts: Iterable[Any]) -> Iterator[TextDelta | ReasoningDelta]:
    """Read content given as a list of typed parts (Mistral's reasoning models)."""
    for part in parts:
        if not isinstance(part, dict):
            continue
        if isinstance(part.get("text"), str) and part["text"]:
            yield TextDelta(part["text"])
        elif isinstance(part.get("thinking"), list):
            thoughts = [each.get("text") for each in part["thinking"] if isinstance(each, dict)]
            yield from (ReasoningDelta(each) for each in thoughts if isinstance(each, str) and each)
