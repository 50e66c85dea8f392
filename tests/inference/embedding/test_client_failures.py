"""Failures of embedding servers: retries, rejected requests, inputs that are too large."""

from dataclasses import replace

import numpy as np
import pytest

from inference.embedding.client import EmbeddingClient, EmbeddingEndpoint
from inference.errors import (
    AuthenticationFailed,
    BackendOverloaded,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
    InferenceError,
    InputTooLong,
    ModelNotFound,
)
from instances.models import Sensitivity
from tests.inference.embedding.replies import embeddings
from tests.scripted_llm import Act, Reply, ScriptedLLM, json_reply

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
    assert client.embed_query("a", sensitivity=Sensitivity.INTERNAL).vector.tolist() == [1, 0]
    assert len(scripted_llm.requests) == 2


def test_long_retry_after_is_not_waited_for(
    client: EmbeddingClient, scripted_llm: ScriptedLLM
) -> None:
    scripted_llm.script(json_reply({"error": "busy"}, 429, **{"retry-after": "30"}))
    with pytest.raises(BackendOverloaded) as failure:
        client.embed_query("a", sensitivity=Sensitivity.INTERNAL)
    assert failure.value.retry_after_s == 30
    assert not failure.value.permanent
    assert len(scripted_llm.requests) == 1


def test_number_of_retries_is_limited(client: EmbeddingClient, scripted_llm: ScriptedLLM) -> None:
    scripted_llm.script(*[json_reply({"error": "busy"}, 503)] * 10)
    with pytest.raises(BackendOverloaded):
        client.embed_query("a", sensitivity=Sensitivity.INTERNAL)
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
        client.embed_passages(["a"], sensitivity=Sensitivity.INTERNAL)
    assert failure.value.permanent
    assert len(scripted_llm.requests) == 1


def test_unreachable_server_raises_transient_error(
    endpoint: EmbeddingEndpoint, unused_tcp_port: int
) -> None:
    nowhere = replace(endpoint, base_url=f"http://127.0.0.1:{unused_tcp_port}/v1")
    with pytest.raises(BackendUnavailable):
        EmbeddingClient(nowhere).embed_query("a", sensitivity=Sensitivity.INTERNAL)


def test_timeout_is_not_retried(endpoint: EmbeddingEndpoint, scripted_llm: ScriptedLLM) -> None:
    scripted_llm.script(Reply([Act.HOLD]))
    with pytest.raises(BackendTimeout):
        EmbeddingClient(replace(endpoint, timeout_s=0.2)).embed_query(
            "a", sensitivity=Sensitivity.INTERNAL
        )
    assert len(scripted_llm.requests) == 1


@pytest.mark.parametrize("server", TOO_LONG)
def test_error_names_passage_that_is_too_long(
    client: EmbeddingClient, scripted_llm: ScriptedLLM, server: str
) -> None:
    status, body = TOO_LONG[server]
    too_long = json_reply(body, status)
    scripted_llm.script(too_long, embeddings([1, 0]), too_long)
    with pytest.raises(InputTooLong, match=r"^text 1: ") as failure:
        client.embed_passages(["short", "long"], sensitivity=Sensitivity.INTERNAL)
    assert failure.value.permanent


@pytest.mark.parametrize("server", TOO_LONG)
def test_question_too_long_is_truncated(
    client: EmbeddingClient, scripted_llm: ScriptedLLM, server: str
) -> None:
    status, body = TOO_LONG[server]
    scripted_llm.script(json_reply(body, status), embeddings([1, 0]))
    assert client.embed_query("abcdefgh", sensitivity=Sensitivity.INTERNAL).vector.tolist() == [
        1,
        0,
    ]
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
    embedded = client.embed_passages([f"t{n}" for n in range(40)], sensitivity=Sensitivity.INTERNAL)
    assert np.array_equal(embedded.vectors, np.eye(40))
    assert scripted_llm.requests[2].body["input"][0] == "passage: t20"
