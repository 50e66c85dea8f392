"""The trace of an answer, as a collector receives it."""

import json
from typing import Any
from uuid import UUID

import openai
import pytest

from instances.access.api_keys import create_api_key
from instances.tenancy import tenant
from tests.cast import Cast
from tests.fixtures.traces import Collector, attributes
from tests.scripted_llm import Reply, ScriptedLLM, stream
from usage.models import UsageRecord

QUESTION = "Combien de jours de congé ont les doctorants ?"
ANSWER = "Vingt-cinq jours ouvrés [1]."


@pytest.fixture
def client(site: str, library: Cast) -> openai.OpenAI:
    """A client with a key of the library's instance."""
    _key, plaintext = create_api_key(
        instance=library.instance, name="test", scope="chat", created_by=library.owner
    )
    return openai.OpenAI(base_url=f"{site}/v1", api_key=plaintext, max_retries=0)


def ask(client: openai.OpenAI, model: str = "scripted", **parameters: Any) -> UUID:
    """Ask and return the id of the answer."""
    answer = client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": QUESTION}], **parameters
    )
    return UUID(answer.id.removeprefix("chatcmpl-"))


def test_answer_is_a_trace_by_the_genai_conventions_without_content(
    client: openai.OpenAI, library: Cast, llm: ScriptedLLM, collector: Collector
) -> None:
    llm.script(stream(*ANSWER.split()))
    answer_id = ask(client)
    trace = collector.trace(answer_id, "invoke_agent ragapp")
    root, retrieval, chat = (
        trace[name] for name in ("invoke_agent ragapp", "retrieval", "chat scripted")
    )
    assert root.parent_span_id == b""
    assert {retrieval.parent_span_id, chat.parent_span_id} == {root.span_id}
    embeddings = next(span for name, span in trace.items() if name.startswith("embeddings "))
    assert embeddings.parent_span_id == retrieval.span_id
    starts = [span.start_time_unix_nano for span in (root, retrieval, chat)]
    assert starts == sorted(starts)
    assert all(span.end_time_unix_nano > span.start_time_unix_nano for span in trace.values())
    with tenant(library.instance):
        record = UsageRecord.objects.get(request_id=answer_id, kind="answer")
    said = attributes(chat)
    assert said["gen_ai.operation.name"] == "chat"
    assert said["gen_ai.provider.name"] == "environment"
    assert (said["gen_ai.request.model"], said["gen_ai.response.model"]) == ("scripted", "scripted")
    assert said["gen_ai.usage.input_tokens"] == record.prompt_tokens
    assert said["gen_ai.usage.output_tokens"] == record.completion_tokens
    assert said["gen_ai.response.finish_reasons"] == ["stop"]
    assert said["gen_ai.response.time_to_first_chunk"] > 0
    assert said["server.address"] == "127.0.0.1"
    assert said["ragapp.energy_wh"] == pytest.approx(record.energy_wh)
    assert attributes(retrieval)["gen_ai.data_source.id"] == str(library.instance.pk)
    assert attributes(root)["ragapp.outcome"] == "complete"
    assert not any(word in collector.text for word in ("congé", "ouvrés", "doctorants"))
    assert collector.headers[0]["path"] == "/v1/traces"
    assert collector.headers[0]["authorization"] == "Basic key"


def test_content_is_in_the_trace_if_the_operator_wants_it(
    client: openai.OpenAI, llm: ScriptedLLM, collector: Collector, settings: Any
) -> None:
    settings.TRACES_WITH_CONTENT = True
    llm.script(stream(ANSWER))
    trace = collector.trace(ask(client), "invoke_agent ragapp")
    chat = attributes(trace["chat scripted"])
    *_before, last = json.loads(chat["gen_ai.input.messages"])
    assert (last["role"], QUESTION in last["parts"][0]["content"]) == ("user", True)
    (answer,) = json.loads(chat["gen_ai.output.messages"])
    assert answer == {
        "role": "assistant",
        "parts": [{"type": "text", "content": ANSWER}],
        "finish_reason": "stop",
    }
    retrieval = attributes(trace["retrieval"])
    assert retrieval["gen_ai.retrieval.query.text"] == QUESTION
    assert json.loads(retrieval["gen_ai.retrieval.documents"])[0].keys() == {"id", "score"}


@pytest.mark.parametrize("has_content", [True, False], ids=["content", "no content"])
def test_parameters_of_the_request_are_in_the_trace(
    client: openai.OpenAI,
    llm: ScriptedLLM,
    collector: Collector,
    settings: Any,
    has_content: bool,
) -> None:
    settings.TRACES_WITH_CONTENT = has_content
    settings.LLM_ABILITIES = ["json"]
    llm.script(stream('{"jours": 25}'))
    asked = {
        "temperature": 0.5,
        "top_p": 0.25,
        "seed": 7,
        "max_tokens": 60,
        "stop": ["Point final"],
    }
    answer_id = ask(client, **asked, response_format={"type": "json_object"})
    said = attributes(collector.trace(answer_id, "invoke_agent ragapp")["chat scripted"])
    numbers = {name: said[f"gen_ai.request.{name}"] for name in asked if name != "stop"}
    assert numbers == {name: asked[name] for name in numbers}
    assert said["gen_ai.output.type"] == "json"
    # What the client wrote.
    assert ("gen_ai.request.stop_sequences" in said) is has_content


def test_failed_request_says_why(
    client: openai.OpenAI, llm: ScriptedLLM, collector: Collector
) -> None:
    llm.script(*[Reply([b"{}"], status=400)] * 3)
    with pytest.raises(openai.APIStatusError):
        ask(client)
    with collector.changed:
        assert collector.changed.wait_for(lambda: len(collector.spans) == 4, 30)
    failed = {span.name: attributes(span).get("error.type") for span in collector.spans}
    assert failed.pop("chat scripted") == failed.pop("invoke_agent ragapp") == "backend_rejected"
    assert set(failed.values()) == {None}


def test_slow_collector_delays_no_answer(
    client: openai.OpenAI, llm: ScriptedLLM, collector: Collector
) -> None:
    collector.is_open.clear()
    answers = [ask(client, "extractive") for _ in range(3)]
    collector.is_open.set()
    extract = collector.trace(answers[-1], "invoke_agent ragapp")["extract"]
    assert attributes(extract)["ragapp.energy_wh"] > 0
