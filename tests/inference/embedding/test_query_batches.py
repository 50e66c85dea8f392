"""Concurrent questions share a request; an error of one does not affect the others."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.embedding.client import AsyncEmbeddingClient, EmbeddingClient, EmbeddingEndpoint
from inference.embedding.query_batches import MAX_BATCH, QueryBatches
from inference.errors import BackendUnavailable, InputTooLong, ProtocolError
from instances.models import Sensitivity
from tests.fixtures.models import ModelServer
from tests.scripted_llm import Reply, ScriptedLLM, json_reply

Vectors = NDArray[np.float32]


class Model:
    """Embeds a text as its length; "bad" is refused, "down" cannot be asked."""

    def __init__(self) -> None:
        self.requests: list[Sequence[str]] = []

    async def embed_batch(self, texts: Sequence[str]) -> Vectors:
        self.requests.append(texts)
        await asyncio.sleep(0)
        if "bad" in texts:
            raise InputTooLong("too long")
        if "down" in texts:
            raise BackendUnavailable("nobody")
        if "bug" in texts:
            raise ZeroDivisionError
        if "too few" in texts:
            texts = texts[1:]
        return np.array([[len(text)] for text in texts], np.float32)

    async def embed_one(self, text: str) -> Vectors:
        return (await self.embed_batch([text]))[0]


@pytest.fixture
def model() -> Model:
    return Model()


async def embed_all(model: Model, texts: Sequence[str]) -> list[object]:
    batches = QueryBatches(model.embed_batch, model.embed_one)
    return await asyncio.gather(*map(batches.embed, texts), return_exceptions=True)


async def test_single_question_is_sent_at_once(model: Model) -> None:
    assert await embed_all(model, ["four"]) == [np.float32(4)]
    assert model.requests == [["four"]]


async def test_concurrent_questions_share_requests_and_get_own_vector(model: Model) -> None:
    texts = ["x" * n for n in range(1, 2 * MAX_BATCH)]
    vectors = await embed_all(model, texts)
    assert [int(vector[0]) for vector in vectors] == list(range(1, 2 * MAX_BATCH))  # type: ignore[index]
    assert len(model.requests) == 2


async def test_error_of_one_text_does_not_affect_others(model: Model) -> None:
    one, bad, three = await embed_all(model, ["a", "bad", "ccc"])
    assert (one, three) == (np.float32(1), np.float32(3))
    assert isinstance(bad, InputTooLong)


async def test_unavailable_server_gets_one_request(model: Model) -> None:
    failures = await embed_all(model, ["a", "down", "c"])
    assert all(isinstance(failure, BackendUnavailable) for failure in failures)
    assert len(model.requests) == 1


async def test_cancelled_question_does_not_affect_others(model: Model) -> None:
    batches = QueryBatches(model.embed_batch, model.embed_one)
    kept, given_up = (asyncio.create_task(batches.embed(text)) for text in ("a", "bb"))
    await asyncio.sleep(0)
    given_up.cancel()
    assert await kept == np.float32(1)


@pytest.mark.parametrize("failing", ["bug", "too few", "down"])
async def test_failure_reaches_every_waiting_question(model: Model, failing: str) -> None:
    """Neither those of its own request nor those that queue behind it."""
    behind = ["x" * n for n in range(1, MAX_BATCH)]
    async with asyncio.timeout(10):
        results = await embed_all(model, [failing, "beside", *["y"] * (MAX_BATCH - 2), *behind])
    assert all(isinstance(result, Exception) for result in results[:MAX_BATCH])
    assert results[MAX_BATCH:] == [np.float32(len(text)) for text in behind]


async def test_shutdown_cancels_waiting_questions(model: Model) -> None:
    batches = QueryBatches(model.embed_batch, model.embed_one)
    questions = [asyncio.create_task(batches.embed("x")) for _ in range(2 * MAX_BATCH)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert batches._sender is not None
    batches._sender.cancel()
    async with asyncio.timeout(10):
        results = await asyncio.gather(*questions, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    assert await batches.embed("four") == np.float32(4)


@pytest.mark.usefixtures("closed_connections")
async def test_undecodable_answer_reaches_every_question(
    scripted_llm: ScriptedLLM,
) -> None:
    """What an answer says to be gzip and is not, and one that is."""
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    broken = Reply([b"this is no gzip"], headers=headers)
    scripted_llm.script(broken, broken)
    endpoint = EmbeddingEndpoint(
        base_url=scripted_llm.base_url, api_key="", model="e5", clearance=Sensitivity.INTERNAL
    )
    client = AsyncEmbeddingClient(endpoint)
    async with asyncio.timeout(20):
        results = await asyncio.gather(
            *(
                client.embed_query(f"question {n}", sensitivity=Sensitivity.INTERNAL)
                for n in range(MAX_BATCH + 1)
            ),
            return_exceptions=True,
        )
        assert {type(result) for result in results} == {ProtocolError}
        scripted_llm.script(
            json_reply(
                {
                    "data": [{"index": 0, "embedding": [3, 4]}],
                    "usage": {"processor_seconds": 0.25},
                }
            )
        )
        embedded = await client.embed_query("again", sensitivity=Sensitivity.INTERNAL)
    assert np.allclose(embedded.vector, [0.6, 0.8])
    assert embedded.processor_seconds == 0.25


async def test_batched_vectors_equal_single_vectors(
    model_server: ModelServer, closed_connections: None
) -> None:
    texts = ["Quand ferme la bibliothèque ?", "Combien de jours de congé ?", "Qui signe ?"]
    client = AsyncEmbeddingClient(model_server.endpoint)
    together = await asyncio.gather(
        *(client.embed_query(text, sensitivity=Sensitivity.INTERNAL) for text in texts)
    )
    alone = EmbeddingClient(model_server.endpoint)
    for embedded, text in zip(together, texts, strict=True):
        assert (
            float(
                embedded.vector @ alone.embed_query(text, sensitivity=Sensitivity.INTERNAL).vector
            )
            > 0.995
        )
