"""The embedding client with answers and failures of real servers, over HTTP."""

import base64
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from inference.embedding.client import AsyncEmbeddingClient, EmbeddingClient, EmbeddingEndpoint
from inference.errors import (
    DimensionMismatch,
    ProtocolError,
)
from instances.models import Sensitivity
from tests.inference.embedding.replies import MODEL, embeddings, item
from tests.scripted_llm import Reply, ScriptedLLM, json_reply


def test_request_has_prefixes_priority_and_key(
    client: EmbeddingClient, scripted_llm: ScriptedLLM
) -> None:
    scripted_llm.script(embeddings([1, 0], [0, 1]), embeddings([1, 0]))
    client.embed_passages(["un", "deux"], sensitivity=Sensitivity.INTERNAL)
    client.embed_query("trois ?", sensitivity=Sensitivity.INTERNAL)
    passages, query = scripted_llm.requests
    assert passages.path == "/v1/embeddings"
    assert passages.body == {
        "model": MODEL,
        "input": ["passage: un", "passage: deux"],
        "encoding_format": "float",
    }
    assert passages.headers["authorization"] == "Bearer key"
    assert passages.headers["x-priority"] == "passage"
    assert query.body["input"] == ["query: trois ?"]
    assert query.headers["x-priority"] == "query"


def test_dimensions_are_sent_only_when_set_and_checked(
    endpoint: EmbeddingEndpoint, scripted_llm: ScriptedLLM
) -> None:
    client = EmbeddingClient(replace(endpoint, dimensions=3))
    scripted_llm.script(embeddings([1, 0, 0]), embeddings([1, 0]))
    assert client.embed_query("a", sensitivity=Sensitivity.INTERNAL).vector.shape == (3,)
    assert scripted_llm.requests[0].body["dimensions"] == 3
    with pytest.raises(DimensionMismatch, match="2 dimensions, the index 3"):
        client.embed_query("a", sensitivity=Sensitivity.INTERNAL)


@pytest.mark.parametrize(
    "reply",
    [
        embeddings([3, 4], [0, 2], usage={"prompt_tokens": 4, "total_tokens": 4}),
        json_reply({"data": [item(1, [0.0, 2.0]), item(0, [3.0, 4.0])], "model": MODEL}),
        embeddings(
            *(
                base64.b64encode(np.array(vector, "<f4").tobytes()).decode()
                for vector in ([3, 4], [0, 2])
            )
        ),
        json_reply(
            {
                "id": "embd-1",
                "object": "list",
                "created": 1,
                "data": [item(0, [3, 4], score=None), item(1, [0, 2])],
                "usage": {"prompt_tokens": 4, "completion_tokens": 0, "impacts": {"kWh": 0.1}},
            }
        ),
    ],
    ids=["TEI", "out of order", "base64", "OpenGateLLM"],
)
def test_answers_are_ordered_and_normalised(
    client: EmbeddingClient, scripted_llm: ScriptedLLM, reply: Reply
) -> None:
    scripted_llm.script(reply)
    vectors = client.embed_passages(["a", "b"], sensitivity=Sensitivity.INTERNAL).vectors
    assert vectors.dtype == np.float32
    assert np.allclose(vectors, [[0.6, 0.8], [0, 1]])


@pytest.mark.parametrize(
    "reply",
    [
        embeddings([1, 0]),
        embeddings([1, 0], [0, 1], [1, 1]),
        json_reply({"data": [item(0, [1, 0]), item(0, [1, 0])]}),
        embeddings([1, 0], [1, 0, 0]),
        embeddings([1, 0], [0, 0]),
        embeddings([1, 0], [None, 1]),
        embeddings([1, 0], "%%%"),
        embeddings([1, 0], 7),
        json_reply({"data": None}),
        json_reply([]),
        Reply([b"<html>Welcome</html>"]),
    ],
    ids=[
        "too few",
        "too many",
        "the same twice",
        "ragged",
        "null vector",
        "not a number",
        "broken base64",
        "a number",
        "no data",
        "a list",
        "a proxy's page",
    ],
)
def test_malformed_answer_raises_error(
    client: EmbeddingClient, scripted_llm: ScriptedLLM, reply: Reply
) -> None:
    scripted_llm.script(reply)
    with pytest.raises(ProtocolError):
        client.embed_passages(["a", "b"], sensitivity=Sensitivity.INTERNAL)


def test_empty_list_sends_no_request(client: EmbeddingClient, scripted_llm: ScriptedLLM) -> None:
    assert client.embed_passages([], sensitivity=Sensitivity.INTERNAL).vectors.shape == (0, 0)
    assert scripted_llm.requests == []


@pytest.mark.usefixtures("closed_connections")
async def test_async_client_returns_same_vectors(
    endpoint: EmbeddingEndpoint, scripted_llm: ScriptedLLM
) -> None:
    client = AsyncEmbeddingClient(endpoint)
    scripted_llm.script(json_reply({}, 503), embeddings([3, 4]), embeddings([3, 4], [0, 2]))
    assert np.allclose(
        (await client.embed_query("a", sensitivity=Sensitivity.INTERNAL)).vector, [0.6, 0.8]
    )
    embedded = await client.embed_passages(["a", "b"], sensitivity=Sensitivity.INTERNAL)
    assert np.allclose(embedded.vectors, [[0.6, 0.8], [0, 1]])
    assert len(scripted_llm.requests) == 3


def test_endpoint_is_read_from_settings(settings: Any) -> None:
    settings.EMBEDDING_BASE_URL = "http://tei:80/v1"
    settings.EMBEDDING_DIMENSIONS = 1024
    endpoint = EmbeddingEndpoint.from_settings()
    assert (endpoint.base_url, endpoint.dimensions) == ("http://tei:80/v1", 1024)
    assert (endpoint.query_prefix, endpoint.passage_prefix) == ("query: ", "passage: ")
