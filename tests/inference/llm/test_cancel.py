"""Leaving a chat stream, and having many at once."""

import asyncio
from contextlib import aclosing

import pytest

from inference.llm.backend import ChatBackend
from inference.llm.client import stream_chat
from inference.llm.events import TextDelta
from instances.models import Sensitivity
from tests.inference.llm.collect import QUESTION, collect, end_of, text_of
from tests.scripted_llm import MODEL, Act, Reply, ScriptedLLM, chunk, paced, stream

pytestmark = pytest.mark.usefixtures("closed_connections")

ENDLESS = Reply([chunk("C'est"), Act.HOLD])


async def wait_until_left(server: ScriptedLLM) -> None:
    await asyncio.to_thread(server.wait_until, lambda: server.requests[0].left_early)


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["un ", "deux ", "trois ", "quatre"], "un deux trois "),
        (["un deux trois quatre cinq six sept huit"], "un deux trois"),
    ],
    ids=["token by token", "in one piece"],
)
async def test_answer_longer_than_max_tokens_is_cut(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, pieces: list[str], text: str
) -> None:
    scripted_llm.script(Reply([*map(chunk, pieces), Act.HOLD]))
    events = await collect(chat_backend, max_tokens=3)
    assert text_of(events) == text
    assert end_of(events).finish_reason == "length"
    assert end_of(events).usage.completion_tokens == 3
    await wait_until_left(scripted_llm)


async def test_closing_the_stream_closes_the_connection(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    scripted_llm.script(ENDLESS)
    async with aclosing(
        stream_chat(chat_backend, QUESTION, max_tokens=64, temperature=0.0)
    ) as events:
        assert await anext(events) == TextDelta("C'est")
    await wait_until_left(scripted_llm)


@pytest.mark.parametrize(
    "reply", [pytest.param(ENDLESS, id="mid-answer"), pytest.param(Reply([Act.HOLD]), id="queued")]
)
async def test_cancelling_the_task_closes_the_connection(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, reply: Reply
) -> None:
    scripted_llm.script(reply)
    task = asyncio.create_task(collect(chat_backend))
    await asyncio.to_thread(scripted_llm.wait_until, lambda: bool(scripted_llm.requests))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await wait_until_left(scripted_llm)


async def test_connection_is_reused_after_a_complete_answer(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    scripted_llm.script(stream("un"), stream("deux"))
    await collect(chat_backend)
    await collect(chat_backend)
    assert scripted_llm.n_connections == 1


async def test_api_serves_two_hundred_streams_at_once() -> None:
    with ScriptedLLM(paced(first_token_s=0.05, tokens=20, interval_s=0.05)) as server:
        backend = ChatBackend(
            base_url=server.base_url, model=MODEL, max_retries=0, clearance=Sensitivity.INTERNAL
        )
        answers = await asyncio.gather(*(collect(backend) for _ in range(200)))
        assert {text_of(events) for events in answers} == {" mot" * 20}
