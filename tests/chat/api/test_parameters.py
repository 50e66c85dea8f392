"""Parameters of OpenAI's clients: each is honoured, or refused with its name."""

import json
from typing import Any

import httpx
import openai
import pytest

from inference.llm.tokens import estimate_tokens
from inference.queueing import backend_turns
from inference.queueing.fair_queue import BackendQueue, Position, QueuedRequest
from instances.models import ApiKey
from instances.tenancy import tenant
from tests.cast import Cast
from tests.scripted_llm import Act, Reply, ScriptedLLM, chunk, stream

QUESTION = "Combien de jours de congé ont les doctorants ?"
ASKED = [{"role": "user", "content": QUESTION}]
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {}}}
COMPLETIONS, RESPONSES = "/v1/chat/completions", "/v1/responses"


def ask(client: openai.OpenAI, path: str, **parameters: Any) -> httpx.Response:
    """Send parameters that the client itself might refuse."""
    asked = {"messages": ASKED} if path == COMPLETIONS else {"input": QUESTION}
    return httpx.post(
        f"{str(client.base_url).removesuffix('/v1/')}{path}",
        json={"model": "scripted", **asked} | parameters,
        headers=client.auth_headers,
        timeout=30,
    )


SAMPLING = {"top_p": 0.5, "seed": 7, "presence_penalty": -1.5, "frequency_penalty": 0.0}


@pytest.mark.parametrize("path", [COMPLETIONS, RESPONSES])
def test_choice_of_words_reaches_the_model(
    client: openai.OpenAI, llm: ScriptedLLM, path: str
) -> None:
    assert ask(client, path, **SAMPLING).status_code == 200
    sent = llm.requests[-1].body
    assert {name: sent[name] for name in SAMPLING} == SAMPLING
    assert ask(client, path, **dict.fromkeys(SAMPLING)).status_code == 200
    assert not SAMPLING.keys() & llm.requests[-1].body.keys()


UNSUPPORTED: list[tuple[str, dict[str, Any], str]] = [
    (COMPLETIONS, {"logprobs": True}, "logprobs"),
    (COMPLETIONS, {"logprobs": True, "top_logprobs": 2}, "logprobs"),
    (COMPLETIONS, {"logit_bias": {"50256": -100}}, "logit_bias"),
    (COMPLETIONS, {"modalities": ["text", "audio"]}, "modalities"),
    (COMPLETIONS, {"audio": {"voice": "a", "format": "wav"}}, "audio"),
    (COMPLETIONS, {"web_search_options": {}}, "web_search_options"),
    (COMPLETIONS, {"function_call": {"name": "weather"}}, "function_call"),
    (COMPLETIONS, {"functions": [{"name": "a"}], "function_call": "auto"}, "functions"),
    (RESPONSES, {"top_logprobs": 3}, "top_logprobs"),
    (RESPONSES, {"include": ["message.output_text.logprobs"]}, "logprobs"),
    (RESPONSES, {"prompt": {"id": "pmpt_1"}}, "prompt"),
]
INVALID: list[tuple[str, dict[str, Any], str]] = [
    (COMPLETIONS, {"top_p": 1.5}, "top_p"),
    (COMPLETIONS, {"seed": "seven"}, "seed"),
    (COMPLETIONS, {"presence_penalty": 3}, "presence_penalty"),
    (COMPLETIONS, {"top_logprobs": -1}, "top_logprobs"),
    (COMPLETIONS, {"response_format": {"type": "json_schema"}}, "json_schema"),
    (COMPLETIONS, {"tool_choice": "required"}, "tool_choice"),
    (COMPLETIONS, {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "a"}}},
     "tool_choice"),
    (COMPLETIONS, {"tools": [TOOL], "tool_choice": {"type": "function"}}, "tool_choice"),
    (RESPONSES, {"top_p": -1}, "top_p"),
    (RESPONSES, {"tool_choice": "required"}, "tool_choice"),
    (RESPONSES, {"text": {"format": {"type": "json_schema"}}}, "text.format"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "parameters", "name", "code"),
    [(*each, "unsupported_parameter") for each in UNSUPPORTED]
    + [(*each, "invalid_request") for each in INVALID],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else None,
)
def test_what_cannot_be_honoured_is_refused_by_name(
    client: openai.OpenAI,
    llm: ScriptedLLM,
    settings: Any,
    path: str,
    parameters: dict[str, Any],
    name: str,
    code: str,
) -> None:
    settings.LLM_ABILITIES = ["tools", "json", "images"]
    response = ask(client, path, **parameters)
    assert (response.status_code, response.json()["error"]["code"]) == (400, code)
    assert name in response.json()["error"]["message"]
    assert not llm.requests


WITHOUT_EFFECT = [
    {"logprobs": False, "top_logprobs": 0, "logit_bias": {}, "modalities": ["text"]},
    {"function_call": "none", "functions": [], "tool_choice": "auto", "tools": []},
    {"user": "a", "store": True, "metadata": {"a": "b"}, "reasoning_effort": "low"},
    {"verbosity": "low", "prompt_cache_key": "a", "safety_identifier": "b", "prediction": None},
    {"stream_options": {"include_usage": True, "include_obfuscation": False}, "x_unknown": [1]},
]


@pytest.mark.parametrize("parameters", WITHOUT_EFFECT, ids=lambda each: "-".join(each))
def test_parameters_without_effect_are_accepted(
    client: openai.OpenAI, llm: ScriptedLLM, parameters: dict[str, Any]
) -> None:
    assert ask(client, COMPLETIONS, **parameters).status_code == 200
    assert not {"user", "store", "x_unknown"} & llm.requests[-1].body.keys()


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
def test_extracts_obey_the_limit_of_length(client: openai.OpenAI, is_stream: bool) -> None:
    asked = {"model": "extractive", "messages": ASKED, "max_completion_tokens": 3}
    if is_stream:
        pieces = [each.choices[0] for each in client.chat.completions.create(stream=True, **asked)]
        text = "".join(each.delta.content or "" for each in pieces)
        reason = pieces[-1].finish_reason
    else:
        choice = client.chat.completions.create(**asked).choices[0]
        text, reason = choice.message.content, choice.finish_reason
    assert (reason, estimate_tokens(text)) == ("length", 3)


def test_extracts_end_before_a_stop_sequence(client: openai.OpenAI) -> None:
    asked = {"model": "extractive", "messages": ASKED}
    whole = client.chat.completions.create(**asked).choices[0].message.content
    choice = client.chat.completions.create(stop=["vingt-cinq", "zzz"], **asked).choices[0]
    assert (choice.finish_reason, choice.message.content) == ("stop", whole.split("vingt-cinq")[0])


@pytest.mark.parametrize(
    "pieces",
    [["Vingt-cinq jours FI", "N, et encore"], ["Vingt-cinq jours FIN"], [*"Vingt-cinq jours FIN!"]],
    ids=["across pieces", "in one piece", "letter by letter"],
)
def test_stop_sequence_is_obeyed_for_a_server_that_ignores_it(
    client: openai.OpenAI, llm: ScriptedLLM, pieces: list[str]
) -> None:
    llm.script(Reply([*map(chunk, pieces), Act.HOLD]))
    choice = client.chat.completions.create(
        model="scripted", messages=ASKED, stop=["FIN", "STOP"]
    ).choices[0]
    assert (choice.finish_reason, choice.message.content) == ("stop", "Vingt-cinq jours ")


def test_beginning_of_a_stop_sequence_at_the_end_is_kept(
    client: openai.OpenAI, llm: ScriptedLLM
) -> None:
    llm.script(stream("Vingt-cinq jours, ", "FI"))
    choice = client.chat.completions.create(model="scripted", messages=ASKED, stop="FIN").choices[0]
    assert choice.message.content == "Vingt-cinq jours, FI"


@pytest.mark.parametrize(
    ("key_is_batch", "tier", "is_batch"),
    [(False, None, False), (False, "flex", True), (True, None, True), (True, "priority", True)],
)
def test_questions_of_a_batch_key_wait_for_those_of_people(
    library: Cast,
    client: openai.OpenAI,
    llm: ScriptedLLM,
    monkeypatch: pytest.MonkeyPatch,
    key_is_batch: bool,
    tier: str | None,
    is_batch: bool,
) -> None:
    with tenant(library.instance):
        ApiKey.objects.update(is_batch=key_is_batch)
    entered: list[QueuedRequest] = []
    enter = backend_turns.enter

    def noted(queue: BackendQueue, request: QueuedRequest, *, may_wait: bool) -> Position | None:
        entered.append(request)
        return enter(queue, request, may_wait=may_wait)

    monkeypatch.setattr(backend_turns, "enter", noted)
    assert ask(client, COMPLETIONS, service_tier=tier).status_code == 200
    assert [request.is_batch for request in entered] == [is_batch]
