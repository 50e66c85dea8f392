"""The embedding client with answers and failures of real servers, over HTTP."""

import base64
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from inference.embedding.client import AsyncEmbeddingClient, EmbeddingClient, EmbeddingEndpoint
from inference.errors import (
    AuthenticationFailed,
    BackendOverloaded,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
    DimensionMismatch,
    InferenceError,
    InputTooLong,
    ModelNotFound,
    ProtocolError,
)
from tests.scripted_llm import Act, Reply, ScriptedLLM, json_reply

MODEL = "intfloat/multilingual-e5-small"
TOO_LONG = {
    "ours": (
        400,
        {
            "error": {
                "message": "text 0 has 602 tokens; the maximum context length is 512 tokens",
                "type": "invalid_request_error",
                "param": "input",
                "code": "context_length_exceeded",
            }
        },
    ),
    "TEI": (
        413,
        {
            "error": "Input validation error: `inputs` must have less than 512 tokens. Given: 602",
            "error_type": "Validation",
        },
    ),
    "vLLM": (
        400,
        {
            "error": {
                "message": "This model's maximum context length is 512 tokens. However, you "
                "requested 602 tokens in the input for embedding generation.",
                "type": "BadRequestError",
                "param": None,
                "code": 400,
            }
        },
    ),
    "OpenGateLLM": (400, {"detail": "This model's maximum context length is 512 tokens."}),
}


@pytest.fixture
def endpoint(scripted_llm: ScriptedLLM) -> EmbeddingEndpoint:
    """The scripted server; failures are retried for at most a second."""
    return EmbeddingEndpoint(
        base_url=scripted_llm.base_url,
        api_key="key",
        model=MODEL,
        query_prefix="query: ",
        passage_prefix="passage: ",
        query_max_wait_s=1.0,
        passages_max_wait_s=1.0,
    )


@pytest.fixture
def client(endpoint: EmbeddingEndpoint) -> EmbeddingClient:
    return EmbeddingClient(endpoint)


def item(index: int, embedding: Any, **more: Any) -> dict[str, Any]:
    return {"object": "embedding", "index": index, "embedding": embedding} | more


def embeddings(*vectors: Any, **more: Any) -> Reply:
    data = [item(index, vector) for index, vector in enumerate(vectors)]
    return json_reply({"object": "list", "model": MODEL, "data": data} | more)


def test_request_has_prefixes_priority_and_key(
    client: EmbeddingClient, scripted_llm: ScriptedLLM
) -> None:
    scripted_llm.script(embeddings([1, 0], [0, 1]), embeddings([1, 0]))
    client.embed_passages(["un", "deux"])
    client.embed_query("trois ?")
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
    assert client.embed_query("a").vector.shape == (3,)
    assert scripted_llm.requests[0].body["dimensions"] == 3
    with pytest.raises(DimensionMismatch, match="2 dimensions, the index 3"):
        client.embed_query("a")


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
    vectors = client.embed_passages(["a", "b"])
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
        client.embed_passages(["a", "b"])


@pytest.mark.parametrize(
    "failure",
    [
        json_reply({"error": {"message": "queue full"}}, 429, **{"retry-after": "0"}),
        json_reply({"error": "Model is overloaded", "error_type": "overloaded"}, 429),
        json_reply({"detail": "no worker"}, 503),
        json_reply({"error": "oops"}, 500),
        Reply([], status=0),
    ],
    ids=["429 ours", "429 TEI", "503", "500", "cut"],
)
def test_transient_failure_is_retried(
    client: EmbeddingClient, scripted_llm: ScriptedLLM, failure: Reply
) -> None:
    scripted_llm.script(failure, embeddings([1, 0]))
    assert client.embed_query("a").vector.tolist() == [1, 0]
    assert len(scripted_llm.requests) == 2


def test_long_retry_after_is_not_waited_for(
    client: EmbeddingClient, scripted_llm: ScriptedLLM
) -> None:
    scripted_llm.script(json_reply({"error": "busy"}, 429, **{"retry-after": "30"}))
    with pytest.raises(BackendOverloaded) as failure:
        client.embed_query("a")
    assert failure.value.retry_after_s == 30
    assert not failure.value.permanent
    assert len(scripted_llm.requests) == 1


def test_number_of_retries_is_limited(client: EmbeddingClient, scripted_llm: ScriptedLLM) -> None:
    scripted_llm.script(*[json_reply({"error": "busy"}, 503)] * 10)
    with pytest.raises(BackendOverloaded):
        client.embed_query("a")
    assert 2 <= len(scripted_llm.requests) <= 4


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (json_reply({"error": {"message": "bad key"}}, 401), AuthenticationFailed),
        (json_reply({"error": {"message": "The model `x` does not exist."}}, 404), ModelNotFound),
        (json_reply({"error": {"message": "dimensions is not supported"}}, 400), BackendRejected),
    ],
    ids=["key", "model", "parameter"],
)
def test_rejected_request_is_permanent_and_not_retried(
    client: EmbeddingClient,
    scripted_llm: ScriptedLLM,
    reply: Reply,
    error: type[InferenceError],
) -> None:
    scripted_llm.script(reply)
    with pytest.raises(error) as failure:
        client.embed_passages(["a"])
    assert failure.value.permanent
    assert len(scripted_llm.requests) == 1


def test_unreachable_server_raises_transient_error(
    endpoint: EmbeddingEndpoint, unused_tcp_port: int
) -> None:
    nowhere = replace(endpoint, base_url=f"http://127.0.0.1:{unused_tcp_port}/v1")
    with pytest.raises(BackendUnavailable):
        EmbeddingClient(nowhere).embed_query("a")


def test_timeout_is_not_retried(endpoint: EmbeddingEndpoint, scripted_llm: ScriptedLLM) -> None:
    scripted_llm.script(Reply([Act.HOLD]))
    with pytest.raises(BackendTimeout):
        EmbeddingClient(replace(endpoint, timeout_s=0.2)).embed_query("a")
    assert len(scripted_llm.requests) == 1


@pytest.mark.parametrize("server", TOO_LONG)
def test_error_names_passage_that_is_too_long(
    client: EmbeddingClient, scripted_llm: ScriptedLLM, server: str
) -> None:
    status, body = TOO_LONG[server]
    too_long = json_reply(body, status)
    scripted_llm.script(too_long, embeddings([1, 0]), too_long)
    with pytest.raises(InputTooLong, match=r"^text 1: ") as failure:
        client.embed_passages(["short", "long"])
    assert failure.value.permanent


@pytest.mark.parametrize("server", TOO_LONG)
def test_question_too_long_is_truncated(
    client: EmbeddingClient, scripted_llm: ScriptedLLM, server: str
) -> None:
    status, body = TOO_LONG[server]
    scripted_llm.script(json_reply(body, status), embeddings([1, 0]))
    assert client.embed_query("abcdefgh").vector.tolist() == [1, 0]
    assert scripted_llm.requests[1].body["input"] == ["query: abcd"]


def test_batch_too_large_is_halved(client: EmbeddingClient, scripted_llm: ScriptedLLM) -> None:
    """TEI takes 32 texts by default."""
    refusal = {"error": "batch size 40 > maximum allowed batch size 32", "error_type": "Validation"}
    vectors = np.eye(40) * 2
    scripted_llm.script(
        json_reply(refusal, 422),
        embeddings(*vectors[:20].tolist()),
        embeddings(*vectors[20:].tolist()),
    )
    assert np.array_equal(client.embed_passages([f"t{n}" for n in range(40)]), np.eye(40))
    assert scripted_llm.requests[2].body["input"][0] == "passage: t20"


def test_empty_list_sends_no_request(client: EmbeddingClient, scripted_llm: ScriptedLLM) -> None:
    assert client.embed_passages([]).shape == (0, 0)
    assert scripted_llm.requests == []


@pytest.mark.usefixtures("closed_connections")
async def test_async_client_returns_same_vectors(
    endpoint: EmbeddingEndpoint, scripted_llm: ScriptedLLM
) -> None:
    client = AsyncEmbeddingClient(endpoint)
    scripted_llm.script(json_reply({}, 503), embeddings([3, 4]), embeddings([3, 4], [0, 2]))
    assert np.allclose((await client.embed_query("a")).vector, [0.6, 0.8])
    assert np.allclose(await client.embed_passages(["a", "b"]), [[0.6, 0.8], [0, 1]])
    assert len(scripted_llm.requests) == 3


def test_endpoint_is_read_from_settings(settings: Any) -> None:
    settings.EMBEDDING_BASE_URL = "http://tei:80/v1"
    settings.EMBEDDING_DIMENSIONS = 1024
    endpoint = EmbeddingEndpoint.from_settings()
    assert (endpoint.base_url, endpoint.dimensions) == ("http://tei:80/v1", 1024)
    assert (endpoint.query_prefix, endpoint.passage_prefix) == ("query: ", "passage: ")
