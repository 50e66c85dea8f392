"""The events of an answer of a language model, the same for all servers.

A stream is any number of `TextDelta` and `ReasoningDelta`, then at most one `PromptTruncated`, then
exactly one `Finished`. Any other end raises an `inference.errors.InferenceError`.
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


ChatEvent = TextDelta | ReasoningDelta | PromptTruncated | Finished
