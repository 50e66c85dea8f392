"""Sentences about which rules are not sure, decided by a model of entailment over HTTP."""

from typing import Any

import pytest

from chat.answers.measured_requests import measured_requests
from chat.answers.result import AnswerResult
from chat.answers.verification.checking import verify
from chat.answers.verification.messages import from_json, reason_of, to_json
from inference.offered_models import ModelFigures
from instances.models import Sensitivity
from retrieval.verification.verdicts import Outcome, Reason
from tests.chat.answers.quoting.test_extractive import passage
from tests.scripted_llm import ScriptedLLM, json_reply
from usage.models import AnswerStatus
from usage.recording import Kind
from usage.recording import Outcome as RequestOutcome

PASSAGES = (
    passage(
        "Le lecteur emprunte 25 documents. Les adhérents règlent leur dette avant tout emprunt.",
        sensitivity=Sensitivity.INTERNAL,
    ),
)
QUESTION = "Comment emprunter ?"
# Rules find every word, none of a number that the passage lacks, and few of the words.
COPIED = "Le lecteur emprunte 25 documents [1]."
ALTERED = "Le lecteur emprunte 30 documents [1]."
REPHRASED = "On doit payer ce que l'on doit à la bibliothèque, puis on peut emprunter [1]."


@pytest.fixture
def entailment(settings: Any, scripted_llm: ScriptedLLM) -> ScriptedLLM:
    settings.ENTAILMENT_BASE_URL = scripted_llm.base_url
    settings.ENTAILMENT_MODEL = "nli"
    settings.ENTAILMENT_SENSITIVITY = "internal"
    return scripted_llm


def scored(**scores: float) -> list[dict[str, Any]]:
    return [{"label": label, "score": score} for label, score in scores.items()]


def outcomes(answer: str) -> list[tuple[Outcome, Reason | None]]:
    verification = verify(answer, QUESTION, PASSAGES).verification
    assert verification is not None
    return [(each.outcome, each.reason) for each in verification.sentences]


def test_without_a_model_rules_decide() -> None:
    assert outcomes(COPIED) == []
    assert [outcome for outcome, _reason in outcomes(REPHRASED)] == [Outcome.UNSUPPORTED]
    assert verify(COPIED, QUESTION, PASSAGES).request is None


def test_model_that_is_sure_decides(entailment: ScriptedLLM) -> None:
    entails = scored(entailment=0.9)
    entailment.script(
        json_reply([scored(contradiction=0.9, entailment=0.1), entails]), json_reply([entails])
    )
    assert outcomes(f"{COPIED} {REPHRASED} {ALTERED}") == [
        (Outcome.UNSUPPORTED, Reason.CONTRADICTED),
        (Outcome.UNSUPPORTED, Reason.QUANTITY),
    ]
    assert verify(REPHRASED, QUESTION, PASSAGES).text == REPHRASED
    (request, _second) = entailment.requests
    # The altered number is sure without it.
    assert [hypothesis for _premise, hypothesis in request.body["inputs"]] == [
        COPIED.replace("[1]", ""), REPHRASED.replace("[1]", ""),
    ]  # fmt: skip
    assert "25 documents" in request.body["inputs"][0][0]


def test_contradicted_sentence_tells_why_and_shows_the_passage(entailment: ScriptedLLM) -> None:
    entailment.script(json_reply([scored(contradiction=0.9, entailment=0.1)]))
    verification = from_json(to_json(verify(COPIED, QUESTION, PASSAGES).verification))
    assert verification is not None
    (marked,) = verification.sentences
    assert (marked.number, marked.quote) == (1, "Le lecteur emprunte 25 documents.")
    assert reason_of(marked) == "A language model finds that the passage says something else."


@pytest.mark.parametrize(
    "reply",
    [
        json_reply([scored(entailment=0.6, contradiction=0.4)]),
        json_reply({"error": "busy"}, 503),
        json_reply([]),
    ],
    ids=["not sure", "failed", "not understood"],
)
def test_else_rules_decide(entailment: ScriptedLLM, reply: Any) -> None:
    entailment.script(reply, reply)
    assert outcomes(COPIED) == []
    assert [outcome for outcome, _reason in outcomes(REPHRASED)] == [Outcome.UNSUPPORTED]


def test_server_receives_nothing_above_its_clearance(
    entailment: ScriptedLLM, settings: Any
) -> None:
    settings.ENTAILMENT_SENSITIVITY = "public"
    verified = verify(COPIED, QUESTION, PASSAGES)
    assert (verified.request, entailment.requests) == (None, [])
    assert verified.verification is not None
    assert verified.verification.supported == 1


def test_request_is_recorded_with_the_answer(entailment: ScriptedLLM) -> None:
    entailment.script(
        json_reply({"results": [scored(entailment=1.0)], "usage": {"processor_seconds": 0.25}}),
        json_reply({"error": "busy"}, 503),
    )
    for outcome, seconds in ((RequestOutcome.COMPLETE, 0.25), (RequestOutcome.FAILED, 0.0)):
        verified = verify(COPIED, QUESTION, PASSAGES)
        result = AnswerResult.empty(ModelFigures(id="m")).add(verified, elapsed_ms=1.0)
        *_others, request = measured_requests(result.end(AnswerStatus.COMPLETE, elapsed_ms=2.0))
        assert (request.kind, request.outcome) == (Kind.ENTAILMENT, outcome)
        assert (request.model_id, request.cpu_seconds) == ("nli", seconds)
