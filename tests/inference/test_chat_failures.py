"""How the chat client fails: by name, keeping what came, and again only when that helps."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from inference.chat.backend import ChatBackend
from inference.chat.client import complete_chat, stream_chat
from inference.chat.events import ChatEvent
from inference.errors import (
    AuthenticationFailed,
    BackendOverloaded,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
    ContextOverflow,
    InferenceError,
    ModelNotFound,
    ProtocolError,
    TruncatedStream,
)
from tests.inference.chat_collect import QUESTION, collect, text_of
from tests.scripted_llm import (
    DONE,
    Act,
    Part,
    Reply,
    ScriptedLLM,
    chunk,
    json_reply,
    stream,
    usage_chunk,
)

pytestmark = pytest.mark.usefixtures("closed_connections")

PARIS = chunk("C'est Paris")
STOP = chunk(finish_reason="stop")


async def failure_of(backend: ChatBackend) -> tuple[list[ChatEvent], InferenceError]:
    """Return the events before the failure, and the failure."""
    events = []
    try:
        async for event in stream_chat(backend, QUESTION, max_tokens=64, temperature=0.0):
            events.append(event)
    except InferenceError as error:
        return events, error
    raise AssertionError(f"No failure, but {events}")


STATUSES = [
    (400, {"error": {"message": "Invalid temperature"}}, BackendRejected),
    (400, {"error": {"message": "The model `x` does not exist."}}, ModelNotFound),
    (400, {"detail": "Organisation does not host any such model"}, ModelNotFound),
    (401, {"error": {"message": "no key"}}, AuthenticationFailed),
    (403, {"detail": "Insufficient permissions."}, AuthenticationFailed),
    (
        404,
        {"object": "error", "message": "The model `x` does not exist.", "code": 404},
        ModelNotFound,
    ),
    (404, {"error": 'model "x" not found, try pulling it first'}, ModelNotFound),
    (404, {"detail": "Not Found"}, BackendRejected),
    (422, {"detail": [{"loc": ["body"], "msg": "Extra inputs"}]}, BackendRejected),
    (424, {"detail": "Provider unreachable"}, BackendUnavailable),
    (429, {"detail": "1000 input tokens per minute exceeded"}, BackendOverloaded),
    (500, {"error": {"message": "EngineDeadError"}}, BackendUnavailable),
    (502, "<html>Bad gateway</html>", BackendUnavailable),
    (503, {"error": {"message": "Loading model"}}, BackendOverloaded),
    (504, "", BackendTimeout),
    (307, "", BackendRejected),
]


@pytest.mark.parametrize(
    ("status", "body", "expected"), STATUSES, ids=[f"{s}-{e.__name__}" for s, _, e in STATUSES]
)
async def test_a_status_has_its_error(
    scripted_llm: ScriptedLLM,
    chat_backend: ChatBackend,
    status: int,
    body: Any,
    expected: type[InferenceError],
) -> None:
    is_text = isinstance(body, str)
    reply = Reply([body.encode()] if body else [], status) if is_text else json_reply(body, status)
    scripted_llm.script(reply)
    events, error = await failure_of(chat_backend)
    assert (events, type(error)) == ([], expected)
    assert (error.partial, error.usage) == ("", None)


OVERFLOWS: dict[str, tuple[Any, int | None, int | None]] = {
    "openai": (
        {
            "error": {
                "message": "This model's maximum context length is 4097 tokens. However, your "
                "messages resulted in 5000 tokens.",
                "type": "invalid_request_error",
                "code": "context_length_exceeded",
            }
        },
        5000,
        4097,
    ),
    "vllm-bad-request": (
        {
            "error": {
                "message": "This model's maximum context length is 8192 tokens. However, you "
                "requested 9100 tokens (9000 in the messages, 100 in the completion).",
                "type": "BadRequestError",
                "code": 400,
            }
        },
        9000,
        8192,
    ),
    "vllm-top-level": (
        {
            "object": "error",
            "message": "'max_tokens' is too large: 4000. This model's maximum context length is "
            "8192 tokens and your request has 5000 input tokens.",
            "type": "BadRequestError",
            "code": 400,
        },
        5000,
        8192,
    ),
    "vllm-prompt-length": (
        {
            "object": "error",
            "message": "The decoder prompt (length 5200) is longer than the maximum model length "
            "of 4096.",
        },
        5200,
        4096,
    ),
    "llama.cpp": (
        {
            "error": {
                "code": 400,
                "message": "the request exceeds the available context size, try increasing it",
                "type": "exceed_context_size_error",
                "n_prompt_tokens": 5100,
                "n_ctx": 4096,
            }
        },
        5100,
        4096,
    ),
    "ollama": ({"error": "the input length exceeds the context length"}, None, None),
    "gateway-nested": (
        {"error": {"message": '{"object":"error","message":"maximum context length is 4096"}'}},
        None,
        4096,
    ),
}


@pytest.mark.parametrize("in_a_200", [False, True], ids=["400", "in-a-200"])
@pytest.mark.parametrize("shape", OVERFLOWS)
async def test_a_prompt_too_long_is_told_from_other_refusals(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, shape: str, in_a_200: bool
) -> None:
    payload, prompt_tokens, context_window = OVERFLOWS[shape]
    scripted_llm.script(json_reply(payload, 200 if in_a_200 else 400))
    _, error = await failure_of(chat_backend)
    assert isinstance(error, ContextOverflow)
    assert (error.prompt_tokens, error.context_window) == (prompt_tokens, context_window)


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
async def test_errors_inside_a_200(
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
async def test_what_came_before_a_failure_is_kept_and_never_asked_again(
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


async def test_what_came_in_the_same_read_as_an_error_is_shown(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    scripted_llm.script(Reply([PARIS + b'data: {"error": "boom"}\n\n']))
    events, error = await failure_of(chat_backend)
    assert text_of(events) == error.partial == "C'est Paris"


async def test_a_connection_cut_after_the_end_is_no_failure(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    scripted_llm.script(Reply([PARIS, STOP, usage_chunk(), Act.CUT]))
    assert text_of(await collect(chat_backend)) == "C'est Paris"


@pytest.mark.parametrize("status", [424, 429, 502, 503], ids=str)
async def test_transient_failures_are_tried_again(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, status: int
) -> None:
    scripted_llm.script(json_reply({"error": "later"}, status), stream("Paris"))
    events = await collect(replace(chat_backend, max_retries=1))
    assert text_of(events) == "Paris"
    assert len(scripted_llm.requests) == 2


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply([], status=0), id="connection-closed"),
        pytest.param(Reply([b'{"error": {"code": 503}}']), id="error-in-a-200"),
        pytest.param(Reply([]), id="empty-body"),
    ],
)
async def test_failures_without_a_status_are_tried_again(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, reply: Reply
) -> None:
    scripted_llm.script(reply, stream("Paris"))
    assert text_of(await collect(replace(chat_backend, max_retries=1))) == "Paris"


async def test_attempts_are_bounded(scripted_llm: ScriptedLLM, chat_backend: ChatBackend) -> None:
    scripted_llm.script(*[json_reply({"error": "later"}, 503, Retry_After="0")] * 5)
    _, error = await failure_of(replace(chat_backend, max_retries=2))
    assert isinstance(error, BackendOverloaded)
    assert len(scripted_llm.requests) == 3


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(json_reply({"error": "no"}, 400), id="400"),
        pytest.param(json_reply({"error": "no"}, 401), id="401"),
        pytest.param(json_reply({"error": "late"}, 504), id="504"),
        pytest.param(Reply([b"<html>"]), id="html"),
    ],
)
async def test_other_failures_are_not_tried_again(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, reply: Reply
) -> None:
    scripted_llm.script(reply)
    await failure_of(replace(chat_backend, max_retries=3))
    assert len(scripted_llm.requests) == 1


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_a_wait_longer_than_ours_is_handed_to_the_caller(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, form: str
) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=300), usegmt=True)
    value = {"seconds": "300", "date": date}[form]
    scripted_llm.script(json_reply({"error": "later"}, 429, Retry_After=value))
    _, error = await failure_of(replace(chat_backend, max_retries=3))
    assert isinstance(error, BackendOverloaded)
    assert error.retry_after_s == pytest.approx(300, abs=30)
    assert len(scripted_llm.requests) == 1


@pytest.mark.parametrize("value", ["soon", "", "-5"])
async def test_a_retry_after_that_makes_no_sense_does_no_harm(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, value: str
) -> None:
    scripted_llm.script(json_reply({"error": "later"}, 503, Retry_After=value), stream("Paris"))
    assert text_of(await collect(replace(chat_backend, max_retries=1))) == "Paris"


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([Act.HOLD], id="headers-only"),
        pytest.param([chunk(delta={"role": "assistant", "content": ""}), Act.HOLD], id="role-only"),
    ],
)
async def test_the_first_token_has_a_time_limit_of_its_own(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, parts: list[Part]
) -> None:
    scripted_llm.script(Reply(parts))
    backend = replace(chat_backend, first_byte_timeout_s=0.2, max_retries=3)
    _, error = await failure_of(backend)
    assert isinstance(error, BackendTimeout)
    assert len(scripted_llm.requests) == 1
    scripted_llm.wait_until(lambda: scripted_llm.requests[0].left_early)


async def test_a_first_token_may_come_later_than_the_next_ones_may(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    scripted_llm.script(Reply([0.3, PARIS, STOP, DONE]))
    backend = replace(chat_backend, first_byte_timeout_s=30.0, read_timeout_s=0.1)
    assert text_of(await collect(backend)) == "C'est Paris"


async def test_an_answer_without_end_is_ended(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    scripted_llm.script(Reply([PARIS, *[0.05, b": keep-alive\n\n"] * 400]))
    _, error = await failure_of(replace(chat_backend, total_timeout_s=0.4))
    assert isinstance(error, BackendTimeout)
    assert error.partial == "C'est Paris"


async def test_nobody_at_the_address(scripted_llm: ScriptedLLM, chat_backend: ChatBackend) -> None:
    scripted_llm.__exit__()
    _, error = await failure_of(chat_backend)
    assert type(error) is BackendUnavailable


async def test_complete_chat_fails_as_a_stream_does(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    scripted_llm.script(Reply([PARIS]))
    with pytest.raises(TruncatedStream) as failure:
        await complete_chat(chat_backend, QUESTION, max_tokens=64, temperature=0.0)
    assert failure.value.partial == "C'est Paris"


async def test_what_the_provider_says_goes_to_the_log(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, caplog: pytest.LogCaptureFixture
) -> None:
    scripted_llm.script(json_reply({"error": "internal name of a GPU"}, 500))
    await failure_of(replace(chat_backend, api_key="sk-secret"))
    assert "internal name of a GPU" in caplog.text
    assert "sk-secret" not in caplog.text
    assert httpx.URL(chat_backend.base_url).host in caplog.text
