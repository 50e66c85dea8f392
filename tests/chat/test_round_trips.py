"""How often a question waits for PostgreSQL before its prompt is sent to the model."""

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from chat import answering
from instances.access.api_keys import create_api_key
from tests.cast import Cast
from tests.fixtures.round_trips import RoundTrips
from tests.scripted_llm import ScriptedLLM

pytestmark = pytest.mark.usefixtures("closed_connections")

# The first questions plan the queries, on each connection of the pool.
ASKED = 6
LEAVE = "Combien de jours de congé ont les doctorants ?"


@pytest.fixture
def before_the_prompt(round_trips: RoundTrips, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The round trips counted when each prompt is sent."""
    counts: list[int] = []
    generate = answering.generate

    def counted(*arguments: Any) -> Any:
        counts.append(round_trips.count)
        return generate(*arguments)

    monkeypatch.setattr(answering, "generate", counted)
    return counts


async def ask(client: AsyncClient, url: str, body: dict[str, Any], **options: Any) -> None:
    """Ask, and read the answer to its end."""
    response = await client.post(url, json.dumps(body), content_type="application/json", **options)
    assert response.status_code == 200
    assert b"jours" in b"".join([piece async for piece in response.streaming_content])


async def test_question_of_the_api(
    library: Cast, llm: ScriptedLLM, round_trips: RoundTrips, before_the_prompt: list[int]
) -> None:
    _key, plaintext = await sync_to_async(create_api_key)(
        instance=library.instance, name="x", scope="chat", created_by=library.owner
    )
    headers = {"Authorization": f"Bearer {plaintext}"}
    body = {"messages": [{"role": "user", "content": LEAVE}], "stream": True}
    for _each in range(ASKED):
        with round_trips.counting():
            await ask(AsyncClient(), "/v1/chat/completions", body, headers=headers)
    # Three transactions: the key; limits, quotas and the usage record; the search.
    assert min(before_the_prompt) <= 3 + 5 + 4


async def test_question_of_a_browser(
    library: Cast,
    llm: ScriptedLLM,
    async_client_for: Any,
    round_trips: RoundTrips,
    before_the_prompt: list[int],
) -> None:
    client = await sync_to_async(async_client_for)(library.teammate)
    headers = {"Accept": "text/event-stream"}
    for number in range(ASKED):
        with round_trips.counting():
            await ask(client, "/i/law/ask/", {"question": f"{LEAVE} {number}"}, headers=headers)
    # The session and its user; the membership; the question and its quotas; the search; an answer
    # to the same prompt.
    assert min(before_the_prompt) <= 2 + 3 + 5 + 4 + 3
