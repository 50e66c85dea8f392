"""When a failed request is tried again, and how long the chat client waits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from inference.errors import (
    BackendOverloaded,
    BackendTimeout,
)
from inference.llm.backend import ChatBackend
from tests.inference.llm.collect import PARIS, STOP, collect, failure_of, text_of
from tests.scripted_llm import (
    DONE,
    Act,
    Part,
    Reply,
    ScriptedLLM,
    chunk,
    json_reply,
    stream,
)

pytestmark = pytest.mark.usefixtures("closed_connections")


@pytest.mark.parametrize("status", [424, 429, 502, 503], ids=str)
async def test_transient_failures_are_retried(
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
async def test_failures_without_a_status_are_retried(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, reply: Reply
) -> None:
    scripted_llm.script(reply, stream("Paris"))
    assert text_of(await collect(replace(chat_backend, max_retries=1))) == "Paris"


async def test_number_of_attempts_is_limited(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
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
async def test_other_failures_are_not_retried(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, reply: Reply
) -> None:
    scripted_llm.script(reply)
    await failure_of(replace(chat_backend, max_retries=3))
    assert len(scripted_llm.requests) == 1


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_retry_after_above_the_limit_fails_at_once(
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
async def test_invalid_retry_after_is_ignored(
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
async def test_first_token_has_its_own_time_limit(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, parts: list[Part]
) -> None:
    scripted_llm.script(Reply(parts))
    backend = replace(chat_backend, first_byte_timeout_s=0.2, max_retries=3)
    _, error = await failure_of(backend)
    assert isinstance(error, BackendTimeout)
    assert len(scripted_llm.requests) == 1
    scripted_llm.wait_until(lambda: scripted_llm.requests[0].left_early)


async def test_first_token_may_take_longer_than_the_next_ones(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    scripted_llm.script(Reply([0.3, PARIS, STOP, DONE]))
    backend = replace(chat_backend, first_byte_timeout_s=30.0, read_timeout_s=0.1)
    assert text_of(await collect(backend)) == "C'est Paris"


async def test_endless_answer_exceeds_the_total_time_limit(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    scripted_llm.script(Reply([PARIS, *[0.05, b": keep-alive\n\n"] * 400]))
    _, error = await failure_of(replace(chat_backend, total_timeout_s=2.0))
    assert isinstance(error, BackendTimeout)
    assert error.partial == "C'est Paris"
