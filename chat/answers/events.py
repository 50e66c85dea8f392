"""What ``chat.answering.answer_question`` yields, in this order:

    Stage("searching"), Rewriting if a model is asked for the query, SearchQuery, SearchResult
    NothingFound, when no passage is relevant
    Stage("generating"), then Extracted; or ReusedAnswer; or Prompt and the events of
    ``inference.llm.events``, after Reusable if the answer may be reused; Position while it waits
    for a backend, Rerouted before the events of another backend; at last ModelFoundNothing when the
    model says that the passages do not answer, else Verified, with the sentences checked
    Failed, and Extracted after it when extracts replace the answer of the model

A prompt that was too long is followed by a second one. Another SearchResult comes before Extracted
when the extracts cite the passages in another order. ``chat.answers.result`` adds the events up.
"""

from dataclasses import dataclass
from typing import Literal

from chat.answers.follow_up import Rewriting, SearchQuery
from chat.answers.prompts import Prompt
from chat.answers.reuse import Reusable, ReusedAnswer
from chat.answers.verification.checking import Verified
from inference.llm.events import ChatEvent, TextDelta, ToolCallDelta
from inference.queueing.fair_queue import Position
from inference.routing import Rerouted
from inference.token_usage import TokenUsage
from retrieval.search import SearchResult


@dataclass(frozen=True, slots=True)
class Stage:
    """The current step, for readers who wait for the first word."""

    name: Literal["searching", "generating"]


@dataclass(frozen=True, slots=True)
class NothingFound:
    """The whole answer, in Markdown, when no passage is relevant."""

    text: str


@dataclass(frozen=True, slots=True)
class ModelFoundNothing:
    """The model has said that the passages do not answer; ``text`` comes after its words."""

    text: str


@dataclass(frozen=True, slots=True)
class Extracted:
    """The whole answer as extracts, in Markdown, and the processor time to find them.

    ``is_cut`` when it was longer than the client allows.
    """

    text: str
    cpu_seconds: float
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """The search or the model failed; ``error_code`` is a key of ``chat.answers.error_messages``.

    ``usage`` is what the model spent before it failed, where that is known.
    """

    error_code: str
    usage: TokenUsage | None = None


AnswerEvent = (
    Stage
    | Rewriting
    | SearchQuery
    | SearchResult
    | NothingFound
    | ModelFoundNothing
    | Verified
    | Reusable
    | ReusedAnswer
    | Prompt
    | ChatEvent
    | Position
    | Rerouted
    | Extracted
    | Failed
)


def is_text(event: ChatEvent | Position | Rerouted) -> bool:
    """Whether it is a part of the answer: words, or the call of a function."""
    return isinstance(event, ToolCallDelta) or (
        isinstance(event, TextDelta) and not event.text.isspace()
    )
