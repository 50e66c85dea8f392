"""Questions that come together share a request, and none pays for another's fault."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.embedding.client import AsyncEmbeddingClient, EmbeddingClient
from inference.embedding.query_batches import MAX_BATCH, QueryBatches
from inference.errors import BackendUnavailable, InputTooLong
from tests.fixtures_models import ModelServer

Vectors = NDArray[np.float32]


class Model:
    """Embeds a text as its length; "bad" is refused, "down" cannot be asked."""

    def __init__(self) -> None:
        self.requests: list[Sequence[str]] = []

    async def together(self, texts: Sequence[str]) -> Vectors:
        self.requests.append(texts)
        await asyncio.sleep(0)
        if "bad" in texts:
            raise InputTooLong("too long")
        if "down" in texts:
            raise BackendUnavailable("nobody")
        return np.array([[len(text)] for text in texts], np.float32)

    async def alone(self, text: str) -> Vectors:
        return (await self.together([text]))[0]


@pytest.fixture
def model() -> Model:
    return Model()


async def embed_all(model: Model, texts: Sequence[str]) -> list[object]:
    batches = QueryBatches(model.together, model.alone)
    return await asyncio.gather(*map(batches.embed, texts), return_exceptions=True)


async def test_a_question_alone_is_sent_at_once(model: Model) -> None:
    assert await embed_all(model, ["four"]) == [np.float32(4)]
    assert model.requests == [["four"]]


async def test_questions_at_once_share_requests_and_get_their_own_vector(model: Model) -> None:
    texts = ["x" * n for n in range(1, 2 * MAX_BATCH)]
    vectors = await embed_all(model, texts)
    assert [int(vector[0]) for vector in vectors] == list(range(1, 2 * MAX_BATCH))  # type: ignore[index]
    assert len(model.requests) == 2


async def test_only_the_text_at_fault_is_refused(model: Model) -> None:
    one, bad, three = await embed_all(model, ["a", "bad", "ccc"])
    assert (one, three) == (np.float32(1), np.float32(3))
    assert isinstance(bad, InputTooLong)


async def test_a_server_that_is_away_is_asked_once(model: Model) -> None:
    failures = await embed_all(model, ["a", "down", "c"])
    assert all(isinstance(failure, BackendUnavailable) for failure in failures)
    assert len(model.requests) == 1


async def test_a_question_that_was_given_up_disturbs_nobody(model: Model) -> None:
    batches = QueryBatches(model.together, model.alone)
    kept, given_up = (asyncio.create_task(batches.embed(text)) for text in ("a", "bb"))
    await asyncio.sleep(0)
    given_up.cancel()
    assert await kept == np.float32(1)


async def test_vectors_are_those_of_the_model(
    model_server: ModelServer, closed_connections: None
) -> None:
    texts = ["Quand ferme la bibliothèque ?", "Combien de jours de congé ?", "Qui signe ?"]
    client = AsyncEmbeddingClient(model_server.endpoint)
    together = await asyncio.gather(*map(client.embed_query, texts))
    alone = EmbeddingClient(model_server.endpoint)
    for embedded, text in zip(together, texts, strict=True):
        assert float(embedded.vector @ alone.embed_query(text).vector) > 0.995
