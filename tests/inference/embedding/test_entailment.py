"""The client of models of entailment, over HTTP."""

from typing import Any

import pytest

from inference.embedding.entailment import Entailment, EntailmentEndpoint, Pair, entail
from inference.errors import BackendOverloaded, NotCleared, ProtocolError
from instances.models import Sensitivity
from tests.scripted_llm import ScriptedLLM, json_reply

PAIRS = [Pair("Le prêt dure trois semaines.", "Il dure 21 jours."), Pair("a", "b")]
TEI = [
    [
        {"label": "ENTAILMENT", "score": 0.9},
        {"label": "neutral", "score": 0.09},
        {"label": "contradiction", "score": 0.01},
    ],
    [{"label": "not_entailment", "score": 0.75}, {"label": "entailment", "score": 0.25}],
]
FOUND = [Entailment(0.9, 0.01), Entailment(0.25, 0)]


@pytest.fixture
def endpoint(scripted_llm: ScriptedLLM) -> EntailmentEndpoint:
    return EntailmentEndpoint(
        base_url=scripted_llm.base_url, api_key="key", model="nli", clearance=Sensitivity.INTERNAL
    )


def test_answer_of_tei(endpoint: EntailmentEndpoint, scripted_llm: ScriptedLLM) -> None:
    scripted_llm.script(json_reply(TEI))
    found = entail(endpoint, PAIRS, sensitivity=Sensitivity.INTERNAL)
    assert found.pairs == FOUND
    assert (found.server, found.tokens is not None) == (endpoint.figures, True)
    (request,) = scripted_llm.requests
    assert request.path == "/v1/predict"
    assert request.body == {
        "model": "nli",
        "inputs": [["Le prêt dure trois semaines.", "Il dure 21 jours."], ["a", "b"]],
        "truncate": True,
    }


def test_answer_of_our_model_server(
    endpoint: EntailmentEndpoint, scripted_llm: ScriptedLLM
) -> None:
    scripted_llm.script(json_reply({"results": TEI, "usage": {"processor_seconds": 0.5}}))
    found = entail(endpoint, PAIRS, sensitivity=Sensitivity.INTERNAL)
    assert (found.pairs, found.processor_seconds, found.server) == (FOUND, 0.5, None)


@pytest.mark.parametrize(
    "answer",
    [
        [],
        TEI[:1],
        {"results": [[{"label": "entailment"}]] * 2},
        [[{"label": "LABEL_0", "score": 1.0}]] * 2,
        {"error": "no"},
    ],
    ids=["none", "too few", "no score", "no label of entailment", "no results"],
)
def test_other_answers_are_errors(
    endpoint: EntailmentEndpoint, scripted_llm: ScriptedLLM, answer: Any
) -> None:
    scripted_llm.script(json_reply(answer))
    with pytest.raises(ProtocolError):
        entail(endpoint, PAIRS, sensitivity=Sensitivity.INTERNAL)


def test_failing_server_is_not_asked_again(
    endpoint: EntailmentEndpoint, scripted_llm: ScriptedLLM
) -> None:
    scripted_llm.script(json_reply({"error": "busy"}, 503))
    with pytest.raises(BackendOverloaded):
        entail(endpoint, PAIRS, sensitivity=Sensitivity.INTERNAL)
    assert len(scripted_llm.requests) == 1


def test_nothing_is_sent_above_the_clearance(
    endpoint: EntailmentEndpoint, scripted_llm: ScriptedLLM
) -> None:
    with pytest.raises(NotCleared):
        entail(endpoint, PAIRS, sensitivity=Sensitivity.RESTRICTED)
    assert entail(endpoint, [], sensitivity=Sensitivity.INTERNAL).pairs == []
    assert scripted_llm.requests == []
