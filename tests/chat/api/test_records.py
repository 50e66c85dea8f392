"""Each request to a model is recorded, however it ended."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import openai
import pytest
from asgiref.sync import async_to_sync, sync_to_async

from instances.tenancy import tenant
from tests.cast import Cast
from tests.fixtures.waiting import PATIENCE_S, wait_until
from tests.scripted_llm import Act, Reply, ScriptedLLM, chunk, json_reply, stream
from usage.models import UsageRecord

QUESTION = "Combien de jours de congé ont les doctorants ?"
FOLLOW_UP = [
    {"role": "user", "content": "Combien de jours ont les maîtres de conférences ?"},
    {"role": "assistant", "content": "Quarante."},
    {"role": "user", "content": "Et pour les doctorants ?"},
]
MODEL = "intfloat/multilingual-e5-small"


def records(library: Cast) -> dict[str, UsageRecord]:
    with tenant(library.instance):
        found = UsageRecord.objects.exclude(kind="ingestion")
        return {record.kind: record for record in found}


def outcomes(library: Cast) -> dict[str, str]:
    return {kind: record.outcome for kind, record in records(library).items()}


@async_to_sync
async def ask_and_leave(
    client: openai.OpenAI, url: str, body: dict[str, Any], when: Callable[[], object]
) -> None:
    """Send a request, and close its connection once ``when()`` is true."""
    headers = {"Authorization": f"Bearer {client.api_key}"}
    async with httpx.AsyncClient(headers=headers, timeout=PATIENCE_S) as http:
        asking = asyncio.create_task(http.post(url, json=body))
        await sync_to_async(wait_until)(when)
        asking.cancel()
        await asyncio.wait({asking})
    assert asking.cancelled()


def test_rewriting_that_fails_is_recorded(
    client: openai.OpenAI, llm: ScriptedLLM, library: Cast
) -> None:
    refused = json_reply({"error": {"message": "max_tokens is not a parameter"}}, 400)
    llm.script(refused, stream("Vingt-cinq jours [1]."))
    answer = client.chat.completions.create(model="scripted", messages=FOLLOW_UP)
    assert outcomes(library) == {
        "answer": "complete",
        "rewriting": "failed",
        "embedding": "complete",
    }
    found = records(library)
    assert (found["rewriting"].prompt_tokens, found["rewriting"].model) == (0, "scripted")
    # Those of the search are not the client's.
    assert answer.usage.prompt_tokens == found["answer"].prompt_tokens == 11
    search = found["embedding"]
    assert (search.prompt_tokens > 5, search.tokens_estimated) == (True, False)


def test_client_that_leaves_during_the_rewriting_is_recorded(
    client: openai.OpenAI, llm: ScriptedLLM, library: Cast, site: str
) -> None:
    llm.script(Reply([Act.HOLD]))
    asked: dict[str, Any] = {"model": "scripted", "messages": FOLLOW_UP}
    # While the model rewrites.
    ask_and_leave(client, f"{site}/v1/chat/completions", asked, when=lambda: len(llm.requests) == 1)
    wait_until(lambda: "rewriting" in records(library))
    found = records(library)
    assert outcomes(library) == {"answer": "stopped", "rewriting": "stopped"}
    assert found["rewriting"].prompt_tokens > 50
    assert found["rewriting"].tokens_estimated
    assert found["rewriting"].energy_wh > 0


def test_search_is_recorded_before_the_answer_ends(
    client: openai.OpenAI, llm: ScriptedLLM, library: Cast
) -> None:
    """If the process is killed, these records remain."""
    rest = [chunk(" jours [1]."), b"data: [DONE]\n\n"]
    llm.script(
        stream("Combien de jours de congé ont les doctorants ?"),
        Reply([chunk("Vingt-cinq"), Act.HOLD, *rest]),
    )
    pieces = client.chat.completions.create(model="scripted", messages=FOLLOW_UP, stream=True)
    next(pieces)
    wait_until(lambda: "embedding" in records(library))
    begun = records(library)
    assert (begun["answer"].outcome, begun["rewriting"].outcome) == ("failed", "complete")
    llm.release()
    list(pieces)
    wait_until(lambda: records(library)["answer"].outcome == "complete")
    assert {kind: one.pk for kind, one in records(library).items()} == {
        kind: one.pk for kind, one in begun.items()
    }


@pytest.fixture
def broken_search(library: Cast, scripted_llm: ScriptedLLM, settings: Any) -> None:
    """The embedding server refuses what it is sent."""
    settings.EMBEDDING_BASE_URL = scripted_llm.base_url
    refused = json_reply({"error": {"message": "no such model"}}, 400)
    scripted_llm.script(refused, refused, refused)


@pytest.mark.usefixtures("broken_search")
def test_search_that_fails_is_recorded_with_its_answer(
    client: openai.OpenAI, library: Cast
) -> None:
    asked: Any = [{"role": "user", "content": QUESTION}]
    with pytest.raises(openai.APIStatusError):
        client.chat.completions.create(model="extractive", messages=asked)
    assert outcomes(library) == {"answer": "failed", "embedding": "failed"}


@pytest.mark.usefixtures("broken_search")
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/search", {"query": QUESTION}),
        ("/v1/embeddings", {"model": MODEL, "input": QUESTION}),
    ],
    ids=["search", "embeddings"],
)
def test_request_of_the_api_that_fails_is_recorded(
    client: openai.OpenAI, library: Cast, site: str, path: str, body: dict[str, str]
) -> None:
    headers = {"Authorization": f"Bearer {client.api_key}"}
    assert httpx.post(f"{site}{path}", json=body, headers=headers).status_code >= 400
    (record,) = records(library).values()
    assert (record.kind, record.outcome, record.model) == ("embedding", "failed", MODEL)
    assert (record.api_key_id is not None, record.total_ms > 0) == (True, True)


@pytest.mark.parametrize("path", ["/api/v1/search", "/v1/embeddings"])
def test_request_of_the_api_is_recorded_as_failed_until_its_end(
    client: openai.OpenAI,
    library: Cast,
    site: str,
    scripted_llm: ScriptedLLM,
    settings: Any,
    path: str,
) -> None:
    """If its process is killed, this record remains; a client that leaves has stopped it."""
    settings.EMBEDDING_BASE_URL = scripted_llm.base_url
    scripted_llm.script(Reply([Act.HOLD]))
    body = {"query": QUESTION, "input": QUESTION}
    begun = {"embedding": "failed"}
    ask_and_leave(client, f"{site}{path}", body, when=lambda: outcomes(library) == begun)
    wait_until(lambda: outcomes(library) == {"embedding": "stopped"})


def test_tokens_of_a_search_are_recorded(client: openai.OpenAI, library: Cast, site: str) -> None:
    headers = {"Authorization": f"Bearer {client.api_key}"}
    httpx.post(f"{site}/api/v1/search", json={"query": QUESTION}, headers=headers)
    (record,) = records(library).values()
    assert (record.outcome, record.tokens_estimated) == ("complete", False)
    assert 5 < record.prompt_tokens < 40
