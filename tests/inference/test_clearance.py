"""Nothing is sent to a model server above its clearance.

That everything carries a level is checked by the types: no message, query or passage can be sent
without one.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from inference.embedding.client import AsyncEmbeddingClient, EmbeddingClient, EmbeddingEndpoint
from inference.embedding.rerank import RerankEndpoint, arerank, rerank
from inference.errors import NotCleared
from inference.llm.backend import ChatBackend, ChatMessage
from inference.llm.client import stream_chat
from inference.offered_models import ModelFigures, OfferedModel
from inference.routing import stream_answer
from instances.models import Sensitivity
from tests.inference.embedding.replies import embeddings
from tests.inference.llm.collect import collect, text_of
from tests.scripted_llm import MODEL, ScriptedLLM, json_reply, stream

PUBLIC, INTERNAL, RESTRICTED = Sensitivity

pytestmark = pytest.mark.usefixtures("closed_connections")


def test_levels_are_ordered() -> None:
    assert [level.covers(INTERNAL) for level in Sensitivity] == [False, True, True]
    assert Sensitivity.highest([]) == PUBLIC
    assert Sensitivity.highest(["", "internal", "public"]) == INTERNAL


def messages(*levels: Sensitivity) -> list[ChatMessage]:
    return [ChatMessage("user", "Où ?", level) for level in levels]


async def test_one_message_above_the_clearance_is_enough_to_send_nothing(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    assert chat_backend.clearance == INTERNAL
    with pytest.raises(NotCleared):
        await collect(chat_backend, messages(PUBLIC, RESTRICTED, PUBLIC))
    with pytest.raises(NotCleared):
        await anext(stream_chat(chat_backend, messages(RESTRICTED), max_tokens=1, temperature=0))
    assert scripted_llm.requests == []
    scripted_llm.script(stream("Ici."))
    assert text_of(await collect(chat_backend, messages(PUBLIC, INTERNAL))) == "Ici."


async def test_backends_that_may_not_receive_the_messages_are_passed_over(
    scripted_llm: ScriptedLLM,
) -> None:
    def at(clearance: Sensitivity, url: str) -> OfferedModel:
        backend = ChatBackend(base_url=url, model=MODEL, clearance=clearance, max_retries=0)
        return OfferedModel(figures=ModelFigures(id="m"), label="", description="", backend=backend)

    near, far = at(INTERNAL, "http://127.0.0.1:9/v1"), at(RESTRICTED, scripted_llm.base_url)
    model = replace(near, alternatives=(far,))
    assert model.clearance == RESTRICTED

    async def answer(model: OfferedModel) -> list[Any]:
        events = stream_answer(model, messages(RESTRICTED), max_tokens=9, temperature=0)
        return [event async for event in events]

    scripted_llm.script(stream("Là."))
    assert text_of(await answer(model)) == "Là."
    with pytest.raises(NotCleared):
        await answer(near)


@pytest.mark.parametrize(
    "send",
    [
        lambda endpoint, level: EmbeddingClient(endpoint).embed_query("a", sensitivity=level),
        lambda endpoint, level: EmbeddingClient(endpoint).embed_passages(["a"], sensitivity=level),
    ],
    ids=["query", "passages"],
)
async def test_embedding_server_receives_nothing_above_its_clearance(
    scripted_llm: ScriptedLLM, send: Callable[[EmbeddingEndpoint, Sensitivity], Any]
) -> None:
    endpoint = EmbeddingEndpoint(
        base_url=scripted_llm.base_url, api_key="", model="e5", clearance=INTERNAL
    )
    for level in (INTERNAL, PUBLIC):
        scripted_llm.script(embeddings([3, 4]))
        send(endpoint, level)
    with pytest.raises(NotCleared):
        send(endpoint, RESTRICTED)
    for coroutine in (
        AsyncEmbeddingClient(endpoint).embed_query("a", sensitivity=RESTRICTED),
        AsyncEmbeddingClient(endpoint).embed_passages(["a"], sensitivity=RESTRICTED),
    ):
        with pytest.raises(NotCleared):
            await coroutine
    assert len(scripted_llm.requests) == 2


async def test_rerank_server_receives_nothing_above_its_clearance(
    scripted_llm: ScriptedLLM,
) -> None:
    endpoint = RerankEndpoint(
        base_url=scripted_llm.base_url, api_key="", model="bge", clearance=INTERNAL
    )
    with pytest.raises(NotCleared):
        rerank(endpoint, "q", ["a"], sensitivity=RESTRICTED)
    with pytest.raises(NotCleared):
        await arerank(endpoint, "q", ["a"], sensitivity=RESTRICTED)
    assert scripted_llm.requests == []
    scripted_llm.script(json_reply({"results": [{"index": 0, "relevance_score": 0.5}]}))
    assert rerank(endpoint, "q", ["a"], sensitivity=INTERNAL).scores == [0.5]
