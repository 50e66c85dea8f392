"""The tokens that a server counts, in whichever fields; estimated when it counts none."""

from dataclasses import replace
from typing import Any

import pytest

from inference.llm.backend import ChatBackend, ChatMessage
from inference.llm.events import PromptTruncated
from inference.token_usage import TokenUsage
from instances.models import Sensitivity
from tests.inference.llm.collect import STOP, collect, end_of
from tests.scripted_llm import (
    DONE,
    USAGE,
    Act,
    Reply,
    ScriptedLLM,
    chunk,
    usage_chunk,
)

pytestmark = pytest.mark.usefixtures("closed_connections")

PARIS = chunk("C'est Paris, bien sûr.")


async def test_missing_usage_is_estimated_and_marked(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    scripted_llm.script(Reply([PARIS, STOP, DONE]))
    usage = end_of(await collect(chat_backend)).usage
    assert usage.estimated
    assert 8 <= usage.prompt_tokens <= 20
    assert 5 <= usage.completion_tokens <= 10


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        pytest.param(
            {"usage": USAGE | {"completion_tokens_details": {"reasoning_tokens": 3}}},
            TokenUsage(11, 7, reasoning_tokens=3),
            id="openai-reasoning",
        ),
        pytest.param(
            {"usage": USAGE | {"prompt_tokens_details": {"cached_tokens": 8}}},
            TokenUsage(11, 7, cached_tokens=8),
            id="vllm-prefix-cache",
        ),
        pytest.param(
            {"usage": USAGE | {"cost": 0.02, "impacts": {"kWh": 0.002, "kgCO2eq": 0.0001}}},
            TokenUsage(11, 7, backend_energy_wh=2.0, backend_gco2e=0.1, backend_cost=0.02),
            id="opengatellm-impacts",
        ),
        pytest.param(
            {"usage": USAGE | {"cost": 0, "impacts": {"kWh": 0, "kgCO2eq": 0}}},
            TokenUsage(11, 7),
            id="opengatellm-not-computed",
        ),
        pytest.param(
            {
                "usage": USAGE
                | {
                    "impacts": {"kWh": 0.0, "kgCO2eq": 0.0},
                    "carbon": {
                        "kWh": {"min": 0.001, "max": 0.003},
                        "kgCO2eq": {"min": None, "max": 0.0002},
                    },
                }
            },
            TokenUsage(11, 7, backend_energy_wh=2.0, backend_gco2e=0.1),
            id="opengatellm-range",
        ),
        pytest.param(
            {
                "timings": {
                    "cache_n": 4,
                    "prompt_n": 7,
                    "prompt_ms": 12.5,
                    "predicted_n": 7,
                    "predicted_ms": 80.0,
                }
            },
            TokenUsage(11, 7, cached_tokens=4, prompt_ms=12.5, completion_ms=80.0),
            id="llama.cpp-timings",
        ),
        pytest.param(
            {
                "prompt_eval_count": 11,
                "eval_count": 7,
                "prompt_eval_duration": 12_500_000,
                "eval_duration": 80_000_000,
            },
            TokenUsage(11, 7, prompt_ms=12.5, completion_ms=80.0),
            id="ollama-durations",
        ),
    ],
)
async def test_usage_fields_of_each_server_are_read(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, last: dict[str, Any], expected: TokenUsage
) -> None:
    scripted_llm.script(Reply([PARIS, STOP, chunk(choices=[], **last), DONE]))
    usage = end_of(await collect(chat_backend)).usage
    assert replace(usage, backend_gco2e=None) == replace(expected, backend_gco2e=None)
    assert usage.backend_gco2e == pytest.approx(expected.backend_gco2e)


async def test_late_usage_is_awaited_but_an_open_connection_is_not(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    scripted_llm.script(Reply([PARIS, STOP, 0.05, usage_chunk(), DONE, Act.HOLD]))
    assert not end_of(await collect(chat_backend)).usage.estimated


async def test_silently_truncated_prompt_is_detected(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    prompt = [ChatMessage("user", "Un long passage. " * 1000, Sensitivity.INTERNAL)]
    scripted_llm.script(Reply([PARIS, STOP, usage_chunk(prompt_tokens=2048), DONE]))
    *_, warning, _end = await collect(chat_backend, prompt)
    assert isinstance(warning, PromptTruncated)
    assert (warning.seen_tokens, warning.sent_tokens > 4000) == (2048, True)


async def test_complete_prompt_is_not_reported_as_truncated(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    prompt = [ChatMessage("user", "Un long passage. " * 1000, Sensitivity.INTERNAL)]
    scripted_llm.script(Reply([PARIS, STOP, usage_chunk(prompt_tokens=4005), DONE]))
    events = await collect(chat_backend, prompt)
    assert not [event for event in events if isinstance(event, PromptTruncated)]
