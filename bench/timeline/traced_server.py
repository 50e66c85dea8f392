"""A web process that notes when the steps of each question begin and end (``bench.timeline``).

    python -m bench.timeline.traced_server PORT FILE

It runs in the environment of a running web process, and writes at its end, as JSON, what it noted:
the name of a step, its beginning and its end, in seconds of the system's monotonic clock.
"""

import functools
import inspect
import json
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

import django.db.backends.signals
import uvicorn

# Where each step is called from, as names are looked up there.
STEPS: Mapping[str, str] = {
    "HTTP request": "web.server.django_handler:DjangoHandler.__call__",
    "API key": "instances.api:authenticate",
    "session and user": "people.requests:alogged_in_user",
    "admission (API)": "chat.api.api_answer:_admitted",
    "model": "chat.api.api_answer:find_model",
    "guard": "chat.confidentiality.question_guard:QuestionGuard.guarded_texts",
    "membership": "instances.access.gates:enter",
    "question stored": "chat.views.answers:_store_guarded",
    "limits": "usage.admission:take",
    "quotas": "usage.quotas.charging:quotas_for",
    "reservation": "usage.quotas.charging:_reserve",
    "record that begins": "chat.api.api_answer:_record_beginning",
    "embedding": "inference.embedding.client:AsyncEmbeddingClient.embed_query",
    "search": "retrieval.search:_find_candidates",
    "weights": "retrieval.search:prepare_query",
    "ranking": "retrieval.search:rank_chunks",
    "copies": "retrieval.search:fold_copies",
    "relevance": "retrieval.relevance:passage_features",
    "subject": "retrieval.search:classify_question",
    "prompt": "chat.answering:build_prompt",
    "earlier answer": "chat.answering:find_earlier",
    "queue": "inference.queueing.backend_turns:BackendTurn._enter",
    "breaker": "inference.health:health_of",
    "Valkey": "web.valkey.scripts:run_command",
    "first words": "chat.running:RunningAnswer.wait_for_first_words",
    "commit": "psycopg:Connection.commit",
    "end": "chat.running:RunningAnswer._save_ending",
}
_noted: list[tuple[str, float, float]] = []


def main() -> None:
    """Serve until SIGTERM, then write what was noted."""
    # uvicorn raises the signal that stops it again, which would end the process.
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    application = import_module("ragapp.asgi").application
    for name, place in STEPS.items():
        _watch(name, place)
    _watch_response(import_module("inference.llm.client"))
    django.db.backends.signals.connection_created.connect(_watch_queries)
    uvicorn.run(
        application,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        http="web.server.http_protocol:LimitedHttpProtocol",
        lifespan="off",
        access_log=False,
        log_level="warning",
    )


@contextmanager
def _step(name: str) -> Iterator[None]:
    started = perf_counter()
    try:
        yield
    finally:
        _noted.append((name, started, perf_counter()))


def _watch(name: str, place: str) -> None:
    """Note the calls of a function, found by its module and its qualified name."""
    module, _, path = place.partition(":")
    *owners, attribute = path.split(".")
    owner = functools.reduce(getattr, owners, import_module(module))
    setattr(owner, attribute, _noting(name, getattr(owner, attribute)))


def _noting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def noting_async(*args: Any, **kwargs: Any) -> Any:
            with _step(name):
                return await function(*args, **kwargs)

        return noting_async

    @functools.wraps(function)
    def noting(*args: Any, **kwargs: Any) -> Any:
        with _step(name):
            return function(*args, **kwargs)

    return noting


def _watch_response(client: Any) -> None:
    """Note the time from a request to a language model to the head of its response."""
    open_response = client.open_response

    @contextmanager
    def unused() -> Iterator[None]:
        yield

    class Opened:
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self._inner = open_response(*args, **kwargs)

        async def __aenter__(self) -> Any:
            with _step("model server's head"):
                return await self._inner.__aenter__()

        async def __aexit__(self, *exc_info: Any) -> Any:
            return await self._inner.__aexit__(*exc_info)

    client.open_response = Opened


def _watch_queries(connection: Any, **_kwargs: Any) -> None:
    def noting(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        with _step(f"SQL: {' '.join(sql.split())[:60]}"):
            return execute(sql, params, many, context)

    if not any(each.__qualname__ == noting.__qualname__ for each in connection.execute_wrappers):
        connection.execute_wrappers.append(noting)


if __name__ == "__main__":
    try:
        main()
    finally:
        Path(sys.argv[2]).write_text(json.dumps(_noted))
