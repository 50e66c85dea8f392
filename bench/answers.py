"""Ask a running stack through the API and as a browser, and measure times to the first token."""

import asyncio
import json
import statistics
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from itertools import islice
from time import perf_counter
from typing import Any

import httpx

from bench.corpus import documents, questions
from bench.sse import events
from bench.stack import Stack
from tests.scripted_llm import MODEL

READY_TIMEOUT_S = 600.0


@dataclass(frozen=True)
class Timing:
    """One answer: milliseconds to its first token, longest pause after it, error."""

    first_token_ms: float
    longest_pause_ms: float
    n_tokens: int
    error: str = ""


Ask = Callable[[Stack, str, int], Awaitable[Timing]]


def upload_corpus(stack: Stack, n_documents: int) -> None:
    """Upload files of several formats and wait until they are ready."""
    upload_files(stack, documents(n_documents))


def upload_files(stack: Stack, files: list[tuple[str, bytes]]) -> None:
    """Upload files (name, content) and wait until they are ready."""
    with stack.api() as api:
        for name, content in files:
            api.post("/api/v1/documents", files={"file": (name, content)}).raise_for_status()
    wait_until_ready(stack)


def wait_until_ready(stack: Stack, poll_s: float = 0.3) -> None:
    """Wait until every document is ready; fail if one has failed."""
    deadline = perf_counter() + READY_TIMEOUT_S
    with stack.api() as api:
        while _is_busy(api):
            assert perf_counter() < deadline, "not all documents are ready"
            time.sleep(poll_s)
        failed = api.get("/api/v1/documents", params={"status": "failed"}).json()
    assert not failed, failed


def _is_busy(api: httpx.Client) -> bool:
    return any(
        api.get("/api/v1/documents", params={"status": status, "limit": 1}).json()
        for status in ("embedding", "parsing", "queued")
    )


async def ask_api(
    stack: Stack, question: str, _person: int, *, max_tokens: int | None = None
) -> Timing:
    """Ask ``/v1/chat/completions``, streamed."""
    headers = {"Authorization": f"Bearer {stack.tenancy.api_key}"}
    body: dict[str, Any] = {"messages": [{"role": "user", "content": question}], "stream": True}
    if max_tokens is not None:
        body["max_tokens"] = max_tokens
    stream = events("POST", f"{stack.url}/v1/chat/completions", headers, body)
    return await _time(_api_tokens(stream))


async def ask_browser(stack: Stack, question: str, person: int) -> Timing:
    """Ask as the chat page does: the response to the question has the events of the answer."""
    headers = stack.browser_headers(person) | {"Accept": "text/event-stream"}

    async def tokens() -> AsyncGenerator[str, None]:
        url = f"{stack.url}/i/{stack.tenancy.slug}/ask/"
        async with aclosing(events("POST", url, headers, {"question": question})) as stream:
            async for name, data in stream:
                if name == "error":
                    raise RuntimeError(data)
                if name == "token":
                    yield json.loads(data)["text"]

    return await _time(tokens())


async def ask_llm(base_url: str, question: str) -> Timing:
    """Ask the scripted LLM directly, for comparison."""
    body = {"model": MODEL, "messages": [{"role": "user", "content": question}], "stream": True}
    return await _time(_api_tokens(events("POST", f"{base_url}/chat/completions", {}, body)))


async def answered_questions(stack: Stack, n_questions: int) -> list[str]:
    """The first so many questions that the model answers.

    The others are refused: the documents of a benchmark answer only the first questions of the set,
    and a refusal costs less than an answer.
    """
    asked = iter(questions())
    answered: list[str] = []
    while len(answered) < n_questions and (some := list(islice(asked, 10))):
        timings = await at_once(ask_api, stack, some)
        assert not any(timing.error for timing in timings), timings
        answered += [text for text, timing in zip(some, timings, strict=True) if timing.n_tokens]
    assert len(answered) >= n_questions, f"{len(answered)} questions are answered"
    return answered[:n_questions]


async def in_turn(ask: Ask, stack: Stack, asked: Sequence[str]) -> list[Timing]:
    """One user asks one question after another."""
    return [await ask(stack, question, 0) for question in asked]


async def at_once(ask: Ask, stack: Stack, asked: Sequence[str]) -> list[Timing]:
    """As many users ask a question each in the same instant."""
    return await asyncio.gather(
        *(ask(stack, question, person) for person, question in enumerate(asked))
    )


def first_token_ms(timings: list[Timing]) -> list[float]:
    """Times of answers that the model wrote. Fails if one has an error or was refused."""
    assert not (errors := [timing.error for timing in timings if timing.error]), errors[:3]
    assert all(timing.n_tokens for timing in timings), "a question was refused"
    return [timing.first_token_ms for timing in timings]


def quantiles(values: list[float]) -> dict[str, float]:
    """Median and 95th percentile, rounded."""
    cuts = statistics.quantiles(values, n=20)
    return {"p50": round(statistics.median(values), 1), "p95": round(cuts[18], 1)}


async def _api_tokens(stream: AsyncGenerator[tuple[str, str], None]) -> AsyncGenerator[str, None]:
    # Closed here: closed later by the event loop, the time limit would end in another task.
    async with aclosing(stream):
        async for _, data in stream:
            if data == "[DONE]":
                return
            payload: dict[str, Any] = json.loads(data)
            if "error" in payload:
                raise RuntimeError(data)
            if payload["choices"] and (text := payload["choices"][0]["delta"].get("content")):
                yield text


def _written_tokens(text: str) -> int:
    """The tokens of the scripted model in a part of an answer: none in a refusal."""
    words = text.split()
    return len(words) if set(words) == {"mot"} else 0


async def _time(tokens: AsyncGenerator[str, None]) -> Timing:
    started = previous = perf_counter()
    first = longest_pause = 0.0
    n_tokens = 0
    try:
        async with aclosing(tokens):
            async for text in tokens:
                now = perf_counter()
                if n_tokens:
                    longest_pause = max(longest_pause, now - previous)
                else:
                    first = now - started
                previous = now
                n_tokens += _written_tokens(text)
    except (OSError, EOFError, RuntimeError, TimeoutError) as error:
        return Timing(1000 * first, 1000 * longest_pause, n_tokens, repr(error))
    return Timing(1000 * first, 1000 * longest_pause, n_tokens)
