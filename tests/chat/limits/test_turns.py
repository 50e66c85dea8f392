"""Turns at the model: questions of instances, and what those who wait are told."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from django.core.cache import cache

from instances.tenancy import tenant
from tests.cast import Cast
from tests.chat.limits.browser import ABOUT_LASERS, ABOUT_LEAVE, Browser
from tests.fixtures.waiting import wait_until
from tests.scripted_llm import ScriptedLLM
from usage.models import UsageRecord


def test_question_of_another_instance_is_next_in_turn(
    physics: Cast, held_llm: ScriptedLLM, browser_of: Callable[..., Browser], settings: Any
) -> None:
    settings.LLM_MAX_CONCURRENCY = 1
    settings.ANSWERS_AT_ONCE_PER_PERSON = settings.ANSWERS_AT_ONCE_PER_INSTANCE = 100
    attacker = browser_of(physics.teammate, physics.instance)
    asyncio.run(attacker.ask_at_once(30))
    wait_until(lambda: waiting_at_the_model() == 29)
    other = browser_of(physics.stranger, physics.other_instance)
    asked = other.ask(ABOUT_LASERS)
    wait_until(lambda: waiting_at_the_model() == 30)
    held_llm.release()
    other.answer(asked)
    questions = [request.last_message for request in held_llm.requests]
    places = [number for number, text in enumerate(questions) if ABOUT_LASERS in text]
    # One was under way; then the other instance had its turn.
    assert places == [1]


def waiting_at_the_model() -> int:
    server = cache.client()
    return sum(map(server.zcard, server.keys("ragapp:queue:*:waiting")))


@pytest.fixture
def busy_model(
    physics: Cast, held_llm: ScriptedLLM, browser_of: Callable[..., Browser], settings: Any
) -> ScriptedLLM:
    """A model whose only slot answers a question of another instance, until it is released."""
    settings.LLM_MAX_CONCURRENCY = 1
    browser_of(physics.stranger, physics.other_instance).ask(ABOUT_LASERS)
    held_llm.wait_until(lambda: len(held_llm.requests) == 1)
    return held_llm


def events_of(stream: httpx.Response) -> Iterator[tuple[str, Any]]:
    """The name and the data of each event that a browser receives."""
    name = ""
    for line in stream.iter_lines():
        key, _colon, value = line.partition(": ")
        if key == "event":
            name = value
        elif key == "data":
            yield name, json.loads(value)


def test_reader_sees_the_place_in_the_queue_and_leaves_it(
    physics: Cast, busy_model: ScriptedLLM, browser_of: Callable[..., Browser]
) -> None:
    reader, colleague = (
        browser_of(person, physics.instance) for person in (physics.teammate, physics.editor)
    )
    asked = reader.ask().json()
    wait_until(lambda: waiting_at_the_model() == 1)
    others = colleague.ask().json()
    events = events_of(reader.open_stream(asked["events_url"]))
    place = next(data for name, data in events if name == "queued")
    assert place == {
        "place": 1,
        "text": "The model is busy. Your question is number 1 in the queue.",
    }
    wait_until(lambda: waiting_at_the_model() == 2)
    assert reader.post(f"m/{asked['answer_id']}/stop/").status_code == 204
    ended = next(data for name, data in events if name == "done")
    assert (ended["status"], ended["content"]) == ("stopped", "")
    wait_until(lambda: waiting_at_the_model() == 1)
    events = events_of(colleague.open_stream(others["events_url"]))
    assert any(name == "queued" for name, _data in events)
    busy_model.release()
    names = [name for name, _data in events]
    # The stage is told again once the wait is over.
    assert "stage" in names
    assert names[-1] == "done"
    assert len(busy_model.requests) == 2
    with tenant(physics.instance):
        left, answered = UsageRecord.objects.filter(kind="answer").order_by("queue_ms")
    for record in (left, answered):
        assert 0 < record.queue_ms < record.total_ms
    # What was never sent costs nothing.
    assert {left.prompt_tokens, answered.prompt_tokens} > {0}


def test_client_of_the_api_reads_its_place_in_comments_and_leaves(
    site: str, busy_model: ScriptedLLM, physics: Cast, key_of: Callable[[Any], str]
) -> None:
    headers = {"Authorization": f"Bearer {key_of(physics.owner)}"}
    body = {"messages": [{"role": "user", "content": ABOUT_LEAVE}], "stream": True}
    url = f"{site}/v1/chat/completions"
    with httpx.stream("POST", url, json=body, headers=headers, timeout=60) as response:
        lines = response.iter_lines()
        comment = next(line for line in lines if line.startswith(": {"))
        assert json.loads(comment[2:]) == {"queued": {"place": 1, "wait_s": None}}
        assert waiting_at_the_model() == 1
    wait_until(lambda: waiting_at_the_model() == 0)
    assert len(busy_model.requests) == 1
