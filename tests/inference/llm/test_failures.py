"""How the chat client fails: by name, keeping what came."""

from collections.abc import Sequence
from dataclasses import replace

import httpx
import pytest

from inference.errors import (
    AuthenticationFailed,
    BackendOverloaded,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
    InferenceError,
    ModelNotFound,
    ProtocolError,
    TruncatedStream,
)
from inference.llm.backend import ChatBackend
from inference.llm.client import stream_chat, whole_answer
from tests.inference.llm.collect import PARIS, QUESTION, STOP, collect, failure_of, text_of
from tests.scripted_llm import (
    DONE,
    Act,
    Part,
    Reply,
    ScriptedLLM,
    chunk,
    json_reply,
    usage_chunk,
)

pytestmark = pytest.mark.usefixtures("closed_connections")


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param(
            [b'data: {"error": {"message": "boom", "code": 500}}\n\n', DONE],
            BackendUnavailable,
            id="vllm-data-error-then-done",
        ),
        pytest.param(
            [b'event: error\ndata: {"detail": "model is too busy"}\n\n'],
            BackendOverloaded,
            id="opengatellm-event-error",
        ),
        pytest.param(
            [b"event: error\ndata: upstream died\n\n"], BackendUnavailable, id="event-error-in-text"
        ),
        pytest.param(
            [b'event: error\ndata: "upstream died"\n\n'],
            BackendUnavailable,
            id="event-error-json-string",
        ),
        pytest.param(
            [b'{"error": {"message": "invalid_request_error: bad", "status": 400}}'],
            BackendRejected,
            id="aristote-json-labelled-as-a-stream",
        ),
        pytest.param(
            [b'{\n  "error": "rate limit ', b'reached"\n}\n'],
            BackendOverloaded,
            id="json-on-several-lines-in-two-pieces",
        ),
        pytest.param(
            [b'{"error": {"error": {"message": "no such model"}}}'], ModelNotFound, id="nested"
        ),
        pytest.param(
            [b'{"error": ' * 900 + b'"no such model"' + b"}" * 900],
            ModelNotFound,
            id="deeply-nested",
        ),
        pytest.param(
            [b'data: {"object": "error", "message": "x", "code": 401}\n\n'],
            AuthenticationFailed,
            id="object-error",
        ),
        pytest.param([b'data: {"error": "timed out"}\n\n'], BackendTimeout, id="timeout-in-words"),
        pytest.param([b"\n<!DOCTYPE html><title>Login</title>"], ProtocolError, id="html-page"),
        pytest.param([b"data: {not json}\n\n"], ProtocolError, id="not-json"),
        pytest.param([b"data: [1]\n\n"], ProtocolError, id="not-an-object"),
        pytest.param([b"data: " + b"x" * (5 << 20)], ProtocolError, id="line-without-end"),
        pytest.param([b'{"status": "ok"}'], TruncatedStream, id="json-of-another-kind"),
        pytest.param([], TruncatedStream, id="nothing"),
        pytest.param([Act.CUT], TruncatedStream, id="cut-before-the-first-token"),
    ],
)
async def test_error_in_a_200_response_is_raised(
    scripted_llm: ScriptedLLM,
    chat_backend: ChatBackend,
    parts: Sequence[Part],
    expected: type[InferenceError],
) -> None:
    scripted_llm.script(Reply(parts))
    events, error = await failure_of(chat_backend)
    assert (events, type(error)) == ([], expected)


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        pytest.param([], TruncatedStream, id="end-without-finish-reason"),
        pytest.param([Act.CUT], TruncatedStream, id="connection-cut"),
        pytest.param([b'data: {"choices": [{"del'], TruncatedStream, id="cut-inside-an-event"),
        pytest.param([chunk(finish_reason="abort"), DONE], TruncatedStream, id="aborted"),
        pytest.param(
            [b'data: {"error": {"message": "boom"}}\n\n', DONE], BackendUnavailable, id="error"
        ),
        pytest.param([Act.HOLD], BackendTimeout, id="silence"),
        pytest.param([b"data: ~\n\n"], ProtocolError, id="garbage"),
    ],
)
async def test_text_before_a_failure_is_kept_and_not_requested_again(
    scripted_llm: ScriptedLLM,
    chat_backend: ChatBackend,
    ending: list[Part],
    expected: type[InferenceError],
) -> None:
    scripted_llm.script(Reply([PARIS, *ending]))
    events, error = await failure_of(replace(chat_backend, max_retries=3, read_timeout_s=0.2))
    assert type(error) is expected
    assert text_of(events) == error.partial == "C'est Paris"
    assert error.usage is not None
    assert error.usage.estimated
    assert len(scripted_llm.requests) == 1


async def test_text_in_the_same_read_as_an_error_is_kept(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    scripted_llm.script(Reply([PARIS + b'data: {"error": "boom"}\n\n']))
    events, error = await failure_of(chat_backend)
    assert text_of(events) == error.partial == "C'est Paris"


async def test_connection_closed_after_the_end_is_no_failure(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    # aiohttp drops what has not been read when the connection breaks: the pause keeps them apart.
    scripted_llm.script(Reply([PARIS, STOP, usage_chunk(), 0.2, Act.CUT]))
    assert text_of(await collect(chat_backend)) == "C'est Paris"


async def test_address_without_a_server_is_unavailable(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    scripted_llm.__exit__()
    _, error = await failure_of(chat_backend)
    assert type(error) is BackendUnavailable


async def test_whole_answer_raises_the_errors_of_the_stream(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    scripted_llm.script(Reply([PARIS]))
    with pytest.raises(TruncatedStream) as failure:
        await whole_answer(stream_chat(chat_backend, QUESTION, max_tokens=64, temperature=0.0))
    assert failure.value.partial == "C'est Paris"


async def test_provider_message_is_logged(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, caplog: pytest.LogCaptureFixture
) -> None:
    scripted_llm.script(json_reply({"error": "internal name of a GPU"}, 500))
    await failure_of(replace(chat_backend, api_key="sk-secret"))
    assert "internal name of a GPU" in caplog.text
    assert "sk-secret" not in caplog.text
    assert httpx.URL(chat_backend.base_url).host in caplog.text
