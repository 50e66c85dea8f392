"""What an answer is made of while it is being given, in the order in which it comes.

Any number of ``Stage``; ``Sources`` once; any number of ``Text`` and ``Reasoning``; then one
``Answered``, unless the answer was stopped (``Transcript.ending`` then makes it).
"""

from dataclasses import dataclass
from typing import Literal

from inference.llm.events import TokenUsage
from retrieval.search import RetrievedChunk

Outcome = Literal["complete", "stopped", "failed", "nothing_found"]


@dataclass(frozen=True, slots=True)
class Stage:
    """What is being done while nothing can be read yet."""

    name: Literal["searching", "generating"]


@dataclass(frozen=True, slots=True)
class Sources:
    """The passages that the answer may cite: ``chunks[n - 1]`` is [n]."""

    chunks: tuple[RetrievedChunk, ...]
    search_query: str
    retrieval_ms: float


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the answer, in Markdown."""

    text: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    """A piece of the model's reasoning."""

    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The end of an answer.

    ``model_id`` is the model that answered: extracts, when the one asked for (``asked_model_id``)
    failed before its first word. ``error_code`` (of ``inference.errors``) says what failed.
    ``quotes`` maps each number that the text cites to words found verbatim in that passage.
    ``usage`` counts the tokens of every request to a language model that belongs to the answer, the
    rewriting of the question included. ``cpu_seconds`` is the time, in seconds of one processor,
    that our own machines computed for it: embedding its question and reranking its passages (the
    request's share, as our model server says it), ranking, and finding extracts. Not in it, as they
    cannot be told apart for one answer: PostgreSQL, and the event loop that passes the words on.
    """

    outcome: Outcome
    model_id: str
    asked_model_id: str
    text: str
    reasoning: str
    quotes: dict[int, str]
    usage: TokenUsage | None
    cpu_seconds: float
    retrieval_ms: float
    first_token_ms: float | None
    total_ms: float
    error_code: str = ""


AnswerEvent = Stage | Sources | Text | Reasoning | Answered
