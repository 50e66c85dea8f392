"""The rerank client against Cohere-like servers and TEI, over HTTP."""

from typing import Any

import pytest

from inference.embedding.rerank import RerankEndpoint, arerank, rerank
from inference.errors import BackendRejected, InputTooLong, ProtocolError
from instances.models import Sensitivity
from tests.scripted_llm import ScriptedLLM, json_reply

TEXTS = ["un", "deux", "trois"]
COHERE = {
    "id": "rerank-1",
    "model": "bge",
    "results": [
        {"index": 2, "relevance_score": 0.9, "document": {"text": "trois"}},
        {"index": 0, "relevance_score": 0.5},
        {"index": 1, "relevance_score": -0.1},
    ],
}
TEI = [{"index": 2, "score": 0.9}, {"index": 0, "score": 0.5}, {"index": 1, "score": -0.1}]
MISSING_TEXTS = {"error": "missing field `texts`", "error_type": "Validation"}


@pytest.fixture
def endpoint(scripted_llm: ScriptedLLM) -> RerankEndpoint:
    return RerankEndpoint(
        base_url=scripted_llm.base_url, api_key="key", model="bge", clearance=Sensitivity.INTERNAL
    )


def test_answer_of_cohere_like_server(endpoint: RerankEndpoint, scripted_llm: ScriptedLLM) -> None:
    scripted_llm.script(json_reply(COHERE))
    assert rerank(endpoint, "q", TEXTS, sensitivity=Sensitivity.INTERNAL).scores == [0.5, -0.1, 0.9]
    (request,) = scripted_llm.requests
    assert request.path == "/v1/rerank"
    assert request.body == {"model": "bge", "query": "q", "documents": TEXTS, "top_n": 3}


def test_answer_of_tei(endpoint: RerankEndpoint, scripted_llm: ScriptedLLM) -> None:
    scripted_llm.script(json_reply(MISSING_TEXTS, 422), json_reply(TEI))
    assert rerank(endpoint, "q", TEXTS, sensitivity=Sensitivity.INTERNAL).scores == [0.5, -0.1, 0.9]
    assert scripted_llm.requests[1].body == {"query": "q", "texts": TEXTS}


def test_processor_time_of_model_server(
    endpoint: RerankEndpoint, scripted_llm: ScriptedLLM
) -> None:
    scripted_llm.script(json_reply(COHERE | {"usage": {"processor_seconds": 1.5}}))
    assert rerank(endpoint, "q", TEXTS, sensitivity=Sensitivity.INTERNAL).processor_seconds == 1.5


@pytest.mark.usefixtures("closed_connections")
async def test_async_client_returns_same_scores(
    endpoint: RerankEndpoint, scripted_llm: ScriptedLLM
) -> None:
    scripted_llm.script(json_reply({"detail": "busy"}, 503), json_reply(COHERE))
    assert (await arerank(endpoint, "q", TEXTS, sensitivity=Sensitivity.INTERNAL)).scores == [
        0.5,
        -0.1,
        0.9,
    ]


@pytest.mark.parametrize(
    "answer",
    [
        {"results": COHERE["results"][:2]},
        {"results": [{"index": n} for n in range(3)]},
        {"results": [{"index": n, "relevance_score": "NaN"} for n in range(3)]},
        {"scores": [1, 2, 3]},
        [1, 2, 3],
    ],
    ids=["too few", "no score", "not a number", "no results", "numbers"],
)
def test_malformed_answer_raises_error(
    endpoint: RerankEndpoint, scripted_llm: ScriptedLLM, answer: Any
) -> None:
    scripted_llm.script(json_reply(answer))
    with pytest.raises(ProtocolError):
        rerank(endpoint, "q", TEXTS, sensitivity=Sensitivity.INTERNAL)


def test_rejected_request_raises_error(endpoint: RerankEndpoint, scripted_llm: ScriptedLLM) -> None:
    too_long = {"error": {"message": "maximum context length is 512 tokens", "code": 400}}
    scripted_llm.script(json_reply(too_long, 400), json_reply({"error": "no"}, 400))
    with pytest.raises(InputTooLong):
        rerank(endpoint, "q", TEXTS, sensitivity=Sensitivity.INTERNAL)
    with pytest.raises(BackendRejected):
        rerank(endpoint, "q", TEXTS, sensitivity=Sensitivity.INTERNAL)


def test_empty_list_of_texts_sends_no_request(
    endpoint: RerankEndpoint, scripted_llm: ScriptedLLM
) -> None:
    assert rerank(endpoint, "q", [], sensitivity=Sensitivity.INTERNAL).scores == []
    assert scripted_llm.requests == []


def test_endpoint_is_read_from_settings(settings: Any) -> None:
    settings.RERANK_BASE_URL = ""
    assert RerankEndpoint.from_settings() is None
    settings.RERANK_BASE_URL = "http://reranker/v1"
    configured = RerankEndpoint.from_settings()
    assert configured is not None
    assert configured.base_url == "http://reranker/v1"
