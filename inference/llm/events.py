"""The events of an answer of a language model, the same for all servers.

A stream is any number of `TextDelta`, `ReasoningDelta` and `ToolCallDelta`, then at most one
`PromptTruncated`, then exactly one `Finished`. Any other end raises an
`inference.errors.InferenceError`.
"""

from dataclasses import dataclass

from inference.token_usage import TokenUsage


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer, never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """A piece of the model's reasoning, never empty: shown apart, counted as output."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A piece of the call of a function: only the first of call ``number`` has its id and name."""

    number: int
    arguments: str
    id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class PromptTruncated:
    """The backend read far fewer prompt tokens than were sent (Ollama truncates silently)."""

    sent_tokens: int
    seen_tokens: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a whole answer; `finish_reason` is the backend's ("stop", "length", …).

    `model` is the model that answered, in the backend's words; "" if it does not say.
    """

    finish_reason: str
    usage: TokenUsage
    model: str = ""


Delta = TextDelta | ReasoningDelta | ToolCallDelta
ChatEvent = Delta | PromptTruncated | Finished
