"""Counts of the requests to backends, for Prometheus (``ragapp.health``).

The label ``backend`` is its number (``ragapp_backend_info`` has the name), as a name that an
organisation has chosen may say which one it is; ``model`` is the alias, for the site's backends
only. Counters are those of the web processes.
"""

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from prometheus_client import Counter, Histogram

from inference.errors import InferenceError
from inference.llm.events import Delta, Finished
from inference.offered_models import EXTRACTIVE, ModelFigures
from inference.token_usage import TokenUsage

# The model of backends that belong to an organisation.
OWN_MODEL = "own"
_LABELS = ["backend", "model"]
_ANSWERS = Counter("ragapp_answers", "Answers given, of this process", ["model", "status"])
_REQUESTS = Counter(
    "ragapp_backend_requests",
    "Requests to backends that have ended, by outcome: complete, left, or the code of the error",
    [*_LABELS, "outcome"],
)
_FIRST_TOKEN = Histogram(
    "ragapp_backend_first_token_seconds",
    "From sending a request to the first token of its answer",
    _LABELS,
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600),
)
_ANSWER = Histogram(
    "ragapp_backend_answer_seconds",
    "From sending a request to the end of its complete answer",
    _LABELS,
    buckets=(0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600),
)
_SPEED = Histogram(
    "ragapp_backend_output_tokens_per_second",
    "Tokens a second of a complete answer, after its first token",
    _LABELS,
    buckets=(1, 2, 5, 10, 20, 30, 50, 75, 100, 150, 200, 400),
)
_TOKENS = Counter(
    "ragapp_backend_tokens",
    "Tokens of complete answers: input (with cached), cached, output (with reasoning), reasoning",
    [*_LABELS, "kind"],
)
_QUEUE_WAIT = Histogram(
    "ragapp_backend_queue_wait_seconds",
    "Wait in the fair queue until a backend gave a slot",
    ["backend"],
    buckets=(0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800),
)


def backend_label(figures: ModelFigures) -> str:
    """Return the label of a backend."""
    return figures.backend_name if figures.backend_id is None else str(figures.backend_id)


def model_label(figures: ModelFigures) -> str:
    """Return the label of a model."""
    return OWN_MODEL if figures.is_owned else figures.id


def count_answer(figures: ModelFigures | None, status: str, *, is_extractive: bool) -> None:
    """Count an answer; the label of a model that wrote nothing (None) is empty."""
    model = EXTRACTIVE if is_extractive else ""
    if figures is not None and not is_extractive:
        model = model_label(figures)
    _ANSWERS.labels(model=model, status=status).inc()


def observe_wait(figures: ModelFigures, seconds: float) -> None:
    """Count the wait of a request that has been given a slot."""
    _QUEUE_WAIT.labels(backend_label(figures)).observe(seconds)


@dataclass(slots=True)
class _Request:
    """A request to a backend that is under way."""

    labels: tuple[str, str]
    began: float = field(default_factory=time.perf_counter)
    first: float = 0.0
    # "left": its reader leaves, or its task is cancelled.
    outcome: str = "left"

    def note(self, event: object) -> None:
        if not self.first and isinstance(event, Delta):
            self.first = time.perf_counter()
            _FIRST_TOKEN.labels(*self.labels).observe(self.first - self.began)
        elif isinstance(event, Finished):
            self.outcome = "complete"
            _observe_answer(self.labels, event.usage, self.began, self.first)


@asynccontextmanager
async def counted(figures: ModelFigures) -> AsyncGenerator[Callable[[object], None], None]:
    """Count the request made inside when it ends, however it does.

    Yields what is to be called with each of its events.
    """
    request = _Request((backend_label(figures), model_label(figures)))
    try:
        yield request.note
    except InferenceError as error:
        request.outcome = error.code
        raise
    finally:
        _REQUESTS.labels(*request.labels, request.outcome).inc()


def _observe_answer(labels: tuple[str, str], usage: TokenUsage, began: float, first: float) -> None:
    now = time.perf_counter()
    _ANSWER.labels(*labels).observe(now - began)
    if first and usage.completion_tokens > 1 and now > first:
        _SPEED.labels(*labels).observe((usage.completion_tokens - 1) / (now - first))
    for kind, tokens in (
        ("input", usage.prompt_tokens),
        ("cached", usage.cached_tokens),
        ("output", usage.completion_tokens),
        ("reasoning", usage.reasoning_tokens),
    ):
        if tokens:
            _TOKENS.labels(*labels, kind).inc(tokens)
