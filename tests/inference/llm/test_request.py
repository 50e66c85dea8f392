"""What the chat client sends."""

from dataclasses import replace
from typing import Any

import pytest

from inference.errors import AuthenticationFailed, ProtocolError
from inference.llm.backend import ChatBackend, ChatMessage
from inference.llm.client import ServedModel, list_models, stream_chat, whole_answer
from instances.models import Sensitivity
from tests.inference.llm.collect import QUESTION, collect
from tests.scripted_llm import MODEL, Reply, ScriptedLLM, json_reply

pytestmark = pytest.mark.usefixtures("closed_connections")


async def test_request_contains_model_stream_and_usage_option(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    messages = [
        ChatMessage("system", "Réponds.", Sensitivity.INTERNAL),
        ChatMessage("user", "Où ?", Sensitivity.INTERNAL),
    ]
    await collect(chat_backend, messages, max_tokens=9, temperature=0.5, stop=["\n\n"])
    (request,) = scripted_llm.requests
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept-encoding"] == "identity"
    assert "authorization" not in request.headers
    assert request.body == {
        "model": MODEL,
        "messages": [
            {"role": "system", "content": "Réponds."},
            {"role": "user", "content": "Où ?"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 9,
        "temperature": 0.5,
        "stop": ["\n\n"],
    }


@pytest.mark.parametrize(
    ("setting", "sent"),
    [
        pytest.param({"priority_scheme": "none", "priority": 5}, {}, id="no-priority"),
        pytest.param({"priority_scheme": "vllm", "priority": -1}, {"priority": -1}, id="vllm"),
        pytest.param(
            {"priority_scheme": "aristote", "priority": 3}, {"priority": 3}, id="aristote"
        ),
        pytest.param({"cache_salt": "a1b2"}, {"cache_salt": "a1b2"}, id="cache-salt"),
    ],
)
async def test_server_specific_parameters_are_sent_if_the_backend_sets_them(
    scripted_llm: ScriptedLLM,
    chat_backend: ChatBackend,
    setting: dict[str, Any],
    sent: dict[str, Any],
) -> None:
    await collect(replace(chat_backend, **setting))
    body = scripted_llm.requests[0].body
    optional = {"priority", "cache_salt"}
    assert {key: value for key, value in body.items() if key in optional} == sent


async def test_key_is_sent_as_bearer_token_and_never_shown(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    backend = replace(chat_backend, api_key="sk-secret")
    await collect(backend)
    assert scripted_llm.requests[0].headers["authorization"] == "Bearer sk-secret"
    assert "sk-secret" not in repr(backend)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"cache_salt": ""}, id="empty-salt"),
        pytest.param({"cache_salt": "a@b"}, id="salt-with-at"),
        pytest.param({"cache_salt": "a/b"}, id="salt-with-slash"),
        pytest.param({"cache_salt": "a\\b"}, id="salt-with-backslash"),
        pytest.param({"cache_salt": "x" * 129}, id="long-salt"),
        pytest.param({"base_url": "localhost:8000/v1"}, id="address-without-scheme"),
        pytest.param({"base_url": "http://"}, id="address-without-host"),
        pytest.param({"base_url": "http://a:port/v1"}, id="port-in-letters"),
        pytest.param({"model": ""}, id="no-model"),
    ],
)
def test_invalid_backend_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (the reason is in the id)
        ChatBackend(
            **{"base_url": "http://127.0.0.1/v1", "model": MODEL, **wrong},
            clearance=Sensitivity.INTERNAL,
        )


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("http://h:1/v1", "http://h:1/v1/chat/completions"),
        ("http://h:1/v1/", "http://h:1/v1/chat/completions"),
        ("http://h:1", "http://h:1/v1/chat/completions"),
        ("https://h/api/openai", "https://h/api/openai/chat/completions"),
    ],
)
def test_endpoint_url_is_built_from_the_base_url(base_url: str, url: str) -> None:
    backend = ChatBackend(base_url=base_url, model=MODEL, clearance=Sensitivity.INTERNAL)
    assert backend.url("chat/completions") == url


async def test_proxy_is_not_used_for_this_machine(
    chat_backend: ChatBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert await collect(chat_backend)


async def test_whole_answer_is_returned_at_once(chat_backend: ChatBackend) -> None:
    completion = await whole_answer(
        stream_chat(chat_backend, QUESTION, max_tokens=64, temperature=0.0)
    )
    assert completion.text == QUESTION[0].content
    assert completion.finish_reason == "stop"
    assert completion.usage.prompt_tokens == 11


async def test_models_are_listed_with_their_context_window(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    scripted_llm.models = (
        {"id": "vllm", "max_model_len": 32768},
        {"id": "opengatellm", "max_context_length": 8192},
        {"id": "llama.cpp", "meta": {"n_ctx": 4096}},
        {"id": "ollama"},
    )
    assert await list_models(chat_backend) == [
        ServedModel("vllm", 32768),
        ServedModel("opengatellm", 8192),
        ServedModel("llama.cpp", 4096),
        ServedModel("ollama", None),
    ]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        pytest.param(json_reply({"error": "bad key"}, 401), AuthenticationFailed, id="401"),
        pytest.param(json_reply({"error": "invalid api key"}), AuthenticationFailed, id="in-a-200"),
        pytest.param(Reply([b"<html>"]), ProtocolError, id="html"),
        pytest.param(json_reply({"status": "ok"}), ProtocolError, id="no-list"),
    ],
)
async def test_unreadable_model_list_raises(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, reply: Reply, expected: type[Exception]
) -> None:
    scripted_llm.script(reply)
    with pytest.raises(expected):
        await list_models(chat_backend)
