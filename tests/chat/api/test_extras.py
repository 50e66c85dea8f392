"""Functions, JSON and images of OpenAI's clients pass to models that can use them."""

import json
from typing import Any

import openai
import pytest

from instances.tenancy import tenant
from tests.cast import Cast
from tests.scripted_llm import Reply, ScriptedLLM, chunk, stream, usage_chunk
from usage.models import UsageRecord

QUESTION = "Combien de jours de congé ont les doctorants ?"
ELSEWHERE = "Quel temps fera-t-il demain à Nantes ?"
ASKED = [{"role": "user", "content": QUESTION}]
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOL = {"type": "function", "function": {"name": "weather", "parameters": PARAMETERS}}
SCHEMA = {"name": "leave", "schema": PARAMETERS, "strict": True}
PNG = "data:image/png;base64,iVBORw0KGgo="
END = [chunk(finish_reason="tool_calls"), usage_chunk(), b"data: [DONE]\n\n"]


def call(arguments: Any, name: str = "", **more: Any) -> bytes:
    function = {"arguments": arguments} | ({"name": name} if name else {})
    return chunk(delta={"tool_calls": [{"type": "function", "function": function} | more]})


# As OpenAI and vLLM send them, and as Ollama and older servers do.
IN_PIECES = Reply(
    [
        call("", "weather", index=0, id="call_a"),
        call('{"city": ', index=0),
        call('"Nantes"}', index=0),
        call("", "weather", index=1, id="call_b"),
        call('{"city": "Brest"}', index=1),
        *END,
    ]
)
WHOLE = Reply(
    [
        call('{"city": "Nantes"}', "weather", index=0, id="call_a"),
        call({"city": "Brest"}, "weather", index=0, id="call_b"),
        *END,
    ]
)


@pytest.fixture(autouse=True)
def able(settings: Any) -> None:
    settings.LLM_ABILITIES = ["tools", "json", "images"]


@pytest.mark.parametrize("reply", [IN_PIECES, WHOLE], ids=["pieces", "whole"])
def test_functions_are_called_and_their_results_answered(
    client: openai.OpenAI, llm: ScriptedLLM, library: Cast, reply: Reply
) -> None:
    llm.script(reply)
    question = [{"role": "user", "content": ELSEWHERE}]
    called = client.chat.completions.create(
        model="scripted", messages=question, tools=[TOOL], tool_choice="auto"
    ).choices[0]
    assert (called.finish_reason, called.message.content) == ("tool_calls", None)
    calls = [(each.id, each.function.name, json.loads(each.function.arguments))
             for each in called.message.tool_calls]  # fmt: skip
    assert calls == [
        ("call_a", "weather", {"city": "Nantes"}),
        ("call_b", "weather", {"city": "Brest"}),
    ]
    sent = llm.requests[-1].body
    assert (sent["tools"], sent["tool_choice"]) == ([TOOL], "auto")
    # Irrelevant passages are not given, and cannot be cited.
    assert "<passage" not in str(sent["messages"])

    llm.script(stream("Il pleuvra [1]."))
    results = [
        {"role": "tool", "tool_call_id": each.id, "content": "pluie"}
        for each in called.message.tool_calls
    ]
    answer = client.chat.completions.create(
        model="scripted", messages=[*question, called.message, *results], tools=[TOOL]
    )
    assert answer.choices[0].message.content == "Il pleuvra [1]."
    assert answer.model_extra["citations"] == []
    roles = [message["role"] for message in llm.requests[-1].body["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "tool"]
    assert llm.requests[-1].body["messages"][-1]["tool_call_id"] == "call_b"
    with tenant(library.instance):
        outcomes = UsageRecord.objects.filter(kind="answer").values_list("outcome", flat=True)
        assert set(outcomes) == {"complete"}


def test_streamed_calls_add_up_in_both_formats(client: openai.OpenAI, llm: ScriptedLLM) -> None:
    llm.script(IN_PIECES, IN_PIECES)
    with client.chat.completions.stream(
        model="scripted", messages=ASKED, tools=[TOOL | {"function": TOOL["function"]}]
    ) as events:
        message = events.get_final_completion().choices[0]
    assert message.finish_reason == "tool_calls"
    arguments = [each.function.arguments for each in message.message.tool_calls]
    tool = {"type": "function", "name": "weather", "parameters": PARAMETERS}
    with client.responses.stream(model="scripted", input=QUESTION, tools=[tool]) as events:
        response = events.get_final_response()
    calls = [item for item in response.output if item.type == "function_call"]
    assert [each.arguments for each in calls] == arguments
    assert [each.call_id for each in calls] == ["call_a", "call_b"]
    assert llm.requests[-1].body["tools"][0] == TOOL

    llm.script(stream("Il pleuvra."))
    outputs = [
        {"type": "function_call_output", "call_id": each.call_id, "output": "pluie"}
        for each in calls
    ]
    given = [
        {"type": "function_call", "call_id": each.call_id, "name": each.name,
         "arguments": each.arguments} for each in calls
    ]  # fmt: skip
    answer = client.responses.create(
        model="scripted", input=[{"role": "user", "content": QUESTION}, *given, *outputs]
    )
    assert answer.output_text == "Il pleuvra."
    messages = llm.requests[-1].body["messages"]
    assert [len(message.get("tool_calls", [])) for message in messages] == [0, 0, 2, 0, 0]


def test_json_and_images_reach_the_model(client: openai.OpenAI, llm: ScriptedLLM) -> None:
    llm.script(stream('{"city": "Nantes"}'), stream('{"city": "Nantes"}'), stream("Un laser."))
    wanted = {"type": "json_schema", "json_schema": SCHEMA}
    answer = client.chat.completions.create(
        model="scripted", messages=ASKED, response_format=wanted
    )
    assert json.loads(answer.choices[0].message.content) == {"city": "Nantes"}
    assert llm.requests[-1].body["response_format"] == wanted
    client.responses.create(
        model="scripted", input=QUESTION, text={"format": {"type": "json_schema", **SCHEMA}}
    )
    assert llm.requests[-1].body["response_format"] == wanted
    parts = [{"type": "input_text", "text": QUESTION}, {"type": "input_image", "image_url": PNG}]
    client.responses.create(model="scripted", input=[{"role": "user", "content": parts}])
    text, image = llm.requests[-1].body["messages"][-1]["content"]
    assert QUESTION in text["text"]
    assert image == {"type": "image_url", "image_url": {"url": PNG}}


def image(url: str) -> dict[str, Any]:
    parts = [{"type": "text", "text": QUESTION}, {"type": "image_url", "image_url": {"url": url}}]
    return {"messages": [{"role": "user", "content": parts}]}


@pytest.mark.parametrize(
    ("abilities", "parameters", "code"),
    [
        (["json", "images"], {"tools": [TOOL]}, "unsupported_parameter"),
        (["tools"], {"response_format": {"type": "json_object"}}, "unsupported_parameter"),
        (["tools"], image(PNG), "unsupported_parameter"),
        (["images"], image("http://169.254.169.254/latest"), "invalid_request"),
        (["images"], image("data:text/html;base64,AAAA"), "invalid_request"),
        (["tools"], {"messages": [*ASKED, {"role": "tool", "content": "a"}]}, "invalid_request"),
    ],
    ids=["tools", "json", "images", "address", "html", "no-call"],
)
def test_what_the_model_cannot_do_is_refused(
    client: openai.OpenAI,
    llm: ScriptedLLM,
    settings: Any,
    abilities: list[str],
    parameters: dict[str, Any],
    code: str,
) -> None:
    settings.LLM_ABILITIES = abilities
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(**{"model": "scripted", "messages": ASKED} | parameters)
    assert refused.value.code == code
    assert llm.requests == []
