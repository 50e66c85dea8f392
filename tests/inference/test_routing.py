"""Several backends behind one alias: order, breaker, failover before the first word."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest
from django.core.cache.backends.dummy import DummyCache

from inference import health
from inference.errors import (
    BackendOverloaded,
    BackendUnavailable,
    ContextOverflow,
    InferenceError,
    TruncatedStream,
)
from inference.llm.backend import ChatBackend, ChatMessage
from inference.llm.events import Finished, TextDelta
from inference.offered_models import ModelFigures, OfferedModel
from inference.queueing import fair_queue
from inference.queueing.fair_queue import Position
from inference.routing import Rerouted, smallest_context_window, stream_answer
from instances.models import Sensitivity
from tests.scripted_llm import MODEL, Act, Reply, ScriptedLLM, chunk, json_reply, stream

QUESTION = [ChatMessage("user", "One?", Sensitivity.INTERNAL)]
BROKEN = json_reply({"error": "out of memory"}, 500)

pytestmark = pytest.mark.usefixtures("closed_connections")


@pytest.fixture
def servers() -> Iterator[tuple[ScriptedLLM, ScriptedLLM]]:
    """A near and a far server, in the order in which they are asked."""
    with ScriptedLLM() as near, ScriptedLLM() as far:
        yield near, far


@pytest.fixture
def model(servers: tuple[ScriptedLLM, ScriptedLLM]) -> OfferedModel:
    near, far = (
        OfferedModel(
            figures=ModelFigures(id="m", backend_id=number),
            label="M",
            description="",
            backend=ChatBackend(
                base_url=server.base_url, model=MODEL, max_retries=0, clearance=Sensitivity.INTERNAL
            ),
        )
        for number, server in enumerate(servers, start=1)
    )
    return replace(near, alternatives=(far,))


async def answer(model: OfferedModel) -> tuple[str, int | None, InferenceError | None]:
    """The text, the backend that gave it (None: the first), and the error."""
    text, backend_id = "", None
    try:
        async with aclosing(
            stream_answer(model, QUESTION, max_tokens=50, temperature=0.0)
        ) as events:
            async for event in events:
                match event:
                    case TextDelta(piece):
                        text += piece
                    case Rerouted(figures):
                        backend_id = figures.backend_id
                    case Finished():
                        break
    except InferenceError as error:
        return text, backend_id, error
    return text, backend_id, None


@pytest.mark.parametrize(
    "failure",
    [
        BROKEN,
        Reply([], status=0),
        Reply([Act.CUT]),
        json_reply({"error": "busy"}, 503, Retry_After="10"),
        json_reply({"error": {"code": "model_not_found", "message": "no"}}, 404),
        json_reply({"error": "Unauthorized"}, 401),
        Reply([b'data: {"error": {"message": "engine died", "code": 500}}\n\n']),
    ],
    ids=["500", "closed", "cut", "busy", "retired", "key", "error-in-200"],
)
async def test_next_backend_answers_when_the_first_fails_before_a_word(
    servers: tuple[ScriptedLLM, ScriptedLLM], model: OfferedModel, failure: Reply
) -> None:
    servers[0].script(failure)
    servers[1].script(stream("Far."))
    assert await answer(model) == ("Far.", 2, None)


async def test_nothing_is_asked_elsewhere_after_the_first_word_or_for_a_fault_of_the_request(
    servers: tuple[ScriptedLLM, ScriptedLLM], model: OfferedModel
) -> None:
    near, far = servers
    near.script(
        Reply([chunk("Near"), 0.05, Act.CUT]),
        json_reply({"error": {"type": "exceed_context_size_error", "message": "x"}}, 400),
    )
    text, _backend, error = await answer(model)
    assert (text, type(error)) == ("Near", TruncatedStream)
    assert type((await answer(model))[2]) is ContextOverflow
    assert far.requests == []
    windows = [replace(each.backend, context_window=n) for each, n in ((model, 9), (model, 5))]
    far_model = replace(model.alternatives[0], backend=windows[1])
    assert (
        smallest_context_window(replace(model, backend=windows[0], alternatives=(far_model,))) == 5
    )


async def test_breaker_opens_after_failures_and_closes_after_a_probe(
    servers: tuple[ScriptedLLM, ScriptedLLM], model: OfferedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    near, _far = servers
    clock = 1_000_000.0
    monkeypatch.setattr(health.time, "time", lambda: clock)
    near.script(*[BROKEN] * health.FAILURES)
    for _attempt in range(health.FAILURES + 2):
        assert (await answer(model))[1] == 2
    assert len(near.requests) == health.FAILURES
    assert health.health_of(model.backend).code == "backend_unavailable"

    # Half-open: one request is the probe, another one at the same time goes elsewhere.
    clock += health.FIRST_PAUSE_S + 1
    near.script(Reply([Act.HOLD, *stream("Near.").parts]))
    probe = asyncio.create_task(answer(model))
    await asyncio.to_thread(near.wait_until, lambda: len(near.requests) == health.FAILURES + 1)
    assert (await answer(model))[1] == 2
    near.release()
    assert await probe == ("Near.", None, None)
    assert health.health_of(model.backend) == health.HEALTHY

    # A failed probe opens it again, for longer.
    near.script(*[BROKEN] * (health.FAILURES + 1))
    for _attempt in range(health.FAILURES):
        await answer(model)
    clock += health.FIRST_PAUSE_S + 1
    await answer(model)
    assert health.health_of(model.backend).open_until == clock + 2 * health.FIRST_PAUSE_S


async def test_retry_after_is_respected_and_no_backend_is_an_error_at_once(
    servers: tuple[ScriptedLLM, ScriptedLLM], model: OfferedModel
) -> None:
    near, far = servers
    near.script(json_reply({"error": "slow down"}, 429, Retry_After="120"))
    far.script(json_reply({"error": "Unauthorized"}, 401))
    assert (await answer(model))[2] is not None
    assert 60 < health.health_of(model.backend).open_until - health.time.time() <= 120
    text, _backend, error = await answer(model)
    assert (text, type(error)) == ("", BackendUnavailable)
    assert (len(near.requests), len(far.requests)) == (1, 1)


async def test_while_the_cache_does_not_answer_requests_are_sent(
    servers: tuple[ScriptedLLM, ScriptedLLM], model: OfferedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (health, fair_queue):
        monkeypatch.setattr(module, "cache", DummyCache("", {}))
    servers[0].script(*[BROKEN] * (health.FAILURES + 1), stream("Near."))
    for _attempt in range(health.FAILURES + 1):
        assert (await answer(model))[1] == 2
    assert await answer(model) == ("Near.", None, None)


async def answer_of(
    events: AsyncGenerator[Any, None],
) -> tuple[list[int], str, int | None]:
    """The places in the queue, the text, and the backend that gave it (None: the first)."""
    places, text, backend_id = [], "", None
    async with aclosing(events):
        async for event in events:
            match event:
                case Position(place):
                    places.append(place)
                case TextDelta(piece):
                    text += piece
                case Rerouted(figures):
                    backend_id = figures.backend_id
    return places, text, backend_id


def asked(model: OfferedModel, **more: Any) -> AsyncGenerator[Any, None]:
    return stream_answer(model, QUESTION, max_tokens=50, temperature=0.0, **more)


@pytest.fixture
def narrow(model: OfferedModel) -> OfferedModel:
    """The model, with one slot at each of its backends."""
    near, far = (
        replace(one, backend=replace(one.backend, max_concurrency=1), alternatives=())
        for one in (model, *model.alternatives)
    )
    return replace(near, alternatives=(far,))


async def test_requests_overflow_then_wait_then_are_answered_where_a_slot_is_free_first(
    servers: tuple[ScriptedLLM, ScriptedLLM], narrow: OfferedModel
) -> None:
    near, far = servers
    for server in servers:
        server.script(Reply([Act.HOLD, *stream("First.").parts]), stream("Next."))
    first = asyncio.create_task(answer_of(asked(narrow)))
    await asyncio.to_thread(near.wait_until, lambda: len(near.requests) == 1)
    second = asyncio.create_task(answer_of(asked(narrow)))
    await asyncio.to_thread(far.wait_until, lambda: len(far.requests) == 1)
    third = asked(narrow)
    assert await anext(third) == Position(1)
    with pytest.raises(BackendOverloaded):
        await anext(asked(narrow, may_wait=False))
    far.release()
    assert await second == ([], "First.", 2)
    assert await answer_of(third) == ([0], "Next.", 2)
    assert len(near.requests) == 1
    near.release()
    assert await first == ([], "First.", None)


async def test_cancelled_request_leaves_the_queue_and_gives_its_slot_back(
    servers: tuple[ScriptedLLM, ScriptedLLM], narrow: OfferedModel
) -> None:
    near = servers[0]
    alone = replace(narrow, alternatives=())
    near.script(Reply([Act.HOLD]), stream("Next."))
    first = asyncio.create_task(answer_of(asked(alone)))
    await asyncio.to_thread(near.wait_until, lambda: len(near.requests) == 1)
    leaving, last = asked(alone), asked(alone)
    assert await anext(leaving) == Position(1)
    assert await anext(last) == Position(2)
    await leaving.aclose()
    first.cancel()
    places, text, _backend = await answer_of(last)
    assert (places[-1], text) == (0, "Next.")
    await asyncio.to_thread(near.wait_until, lambda: near.requests[0].left_early)
