"""What a request for a chat completion may hold: what is accepted, and what is refused."""

import json
from typing import Any

import httpx
import openai
import pytest

from tests.scripted_llm import ScriptedLLM, stream

ABOUT_LEAVE = [{"role": "user", "content": "Combien de jours de congé ont les doctorants ?"}]


def test_null_stands_for_the_default_and_several_choices_are_refused(
    client: openai.OpenAI, llm: ScriptedLLM
) -> None:
    answer = client.chat.completions.create(
        model="extractive", messages=ABOUT_LEAVE, stream=None, n=1, temperature=None
    )
    assert len(answer.choices) == 1
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="extractive", messages=ABOUT_LEAVE, n=2)


IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
FUNCTION = {"type": "function", "function": {"name": "a"}}
TEXT_PART = {"type": "text", "text": "Combien de jours de congé ?"}
WRONG: list[tuple[str, dict[str, Any]]] = [
    ("invalid_request", {"messages": value})
    for value in (
        None, "a", 5, {}, [], [None], ["a"], [{}], [{"role": "chef", "content": "a"}],
        [{"role": "user"}], [{"role": "user", "content": 5}], [{"role": "user", "content": [5]}],
        [{"role": "user", "content": [{"text": "a"}]}], [{"role": "assistant", "content": "a"}],
        [{"role": "user", "content": [{"type": "text", "text": None}]}],
    )
] + [
    ("invalid_request", parameters)
    for parameters in (
        {"model": 5}, {"n": 2}, {"n": 0}, {"stream": "x"}, {"stream_options": "x"},
        {"stream_options": {"include_usage": 7}}, {"response_format": {"type": None}},
        {"max_tokens": 0}, {"max_tokens": 10**30}, {"max_tokens": 1.5}, {"temperature": "chaud"},
        {"temperature": -1}, {"temperature": 10**400}, {"stop": 5}, {"stop": [""]},
        {"stop": ["a"] * 5}, {"response_format": "text"}, {"tools": "x"},
        {"tools": [{"type": "function"}]}, {"tools": [{"type": "web_search"}]},
        {"response_format": {"type": "xml"}}, {"tool_choice": "always"},
    )
] + [
    ("unsupported_parameter", parameters)
    for parameters in (
        {"response_format": {"type": "json_object"}}, {"tools": [FUNCTION]},
        {"functions": [{"name": "a"}]},
        {"messages": [{"role": "user", "content": [TEXT_PART, IMAGE]}]},
    )
]  # fmt: skip


def test_wrong_requests_are_refused_with_400(client: openai.OpenAI, site: str) -> None:
    headers = {"authorization": f"bearer {client.api_key}", "content-type": "application/json"}
    url = f"{site}/v1/chat/completions"
    for code, wrong in WRONG:
        content = json.dumps({"model": "extractive", "messages": ABOUT_LEAVE} | wrong)
        refused = httpx.post(url, headers=headers, content=content)
        assert refused.status_code == 400, (wrong, refused.text)
        error = refused.json()["error"]
        assert (error["code"], bool(error["message"])) == (code, True), wrong
    for content in ("", "{", "[]", "null", '"a"', "\ufeff{}"):
        refused = httpx.post(url, headers=headers, content=content.encode())
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_request")


def test_absent_parameters_may_be_null_or_empty(client: openai.OpenAI, llm: ScriptedLLM) -> None:
    names = ("n", "stream", "stream_options", "max_tokens", "max_completion_tokens", "temperature",
             "response_format", "stop", "tools", "functions", "tool_choice", "seed")  # fmt: skip
    for empty in (dict.fromkeys(names), {"tools": [], "stop": [], "stream_options": {}}):
        answer = client.chat.completions.create(
            model="extractive",
            messages=[{"role": "tool", "content": None}, {"role": "user", "content": [TEXT_PART]}],
            extra_body=empty,
        )
        assert answer.choices[0].message.content


@pytest.mark.parametrize("stop", ["FIN", ["FIN", "STOP"]], ids=["text", "list"])
def test_stop_sequences_reach_the_model(
    client: openai.OpenAI, llm: ScriptedLLM, stop: str | list[str]
) -> None:
    llm.script(stream("Vingt-cinq jours [1]."))
    client.chat.completions.create(model="scripted", messages=ABOUT_LEAVE, stop=stop)
    assert llm.requests[-1].body["stop"] == ([stop] if isinstance(stop, str) else stop)


def test_old_turns_of_a_long_conversation_are_left_out(
    client: openai.OpenAI, llm: ScriptedLLM
) -> None:
    turns = [
        {"role": "user", "content": "Combien de jours ont les ATER ?"},
        {"role": "assistant", "content": "a" * 40_000},
    ]
    history = [{"role": "system", "content": "Réponds en vers."}, *turns * 2]
    history += [{**turn, "content": turn["content"][:99]} for turn in turns] * 148
    assert len(history) + 1 > 300
    llm.script(stream("Vingt-cinq jours [1]."))
    answer = client.chat.completions.create(model="scripted", messages=[*history, *ABOUT_LEAVE])
    assert answer.choices[0].message.content == "Vingt-cinq jours [1]."
    assert "Réponds en vers." in llm.requests[-1].body["messages"][0]["content"]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/api/v1/search"])
def test_lone_surrogates_are_refused(client: openai.OpenAI, site: str, path: str) -> None:
    body = b'{"query": "\\ud800", "messages": [{"role": "user", "content": "\\ud800"}]}'
    answer = httpx.post(site + path, content=body, headers=client.auth_headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
