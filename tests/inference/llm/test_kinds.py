"""Each kind of server: what it is sent, and an answer as it sends one."""

from dataclasses import replace
from typing import Any

import pytest

from inference.llm.backend import ChatBackend
from inference.models import Backend
from inference.offered_models import Access, connection_to
from inference.token_usage import TokenUsage
from tests.cast import Cast
from tests.inference.factories import BackendFactory
from tests.inference.llm.collect import (
    PARIS,
    QUESTION,
    STOP,
    collect,
    end_of,
    failure_of,
    reasoning_of,
    text_of,
)
from tests.scripted_llm import DONE, Act, Reply, ScriptedLLM, chunk, usage_chunk

Kind = Backend.Kind
pytestmark = pytest.mark.usefixtures("closed_connections")

# What only this kind of server knows, sent if the operator has set it.
OWN_PARAMETERS = {
    Kind.VLLM: {"priority", "cache_salt"},
    Kind.OLLAMA: set(),
    Kind.LLAMA_CPP: set(),
    Kind.OPENGATELLM: set(),
    Kind.ARISTOTE: {"priority", "routing-mode"},
    Kind.OPENAI: set(),
}
COMMON = {"model", "messages", "stream", "stream_options", "max_tokens", "temperature"}


@pytest.mark.parametrize("kind", Kind.values)
def test_kind_is_sent_only_what_it_knows(cast: Cast, kind: str) -> None:
    access = Access(api_key="sk", request_priority=3, routing_mode="private-first")
    backend = connection_to(BackendFactory(kind=kind), "m", access, None, cast.instance)
    body = backend.request_body(QUESTION, max_tokens=9, temperature=0.0)
    assert body.keys() == COMMON | OWN_PARAMETERS[Kind(kind)]
    assert (body["model"], body["stream"]) == ("m", True)
    assert body["stream_options"] == {"include_usage": True}
    if "priority" in body:
        assert body["priority"] == 3
    if "routing-mode" in body:
        assert body["routing-mode"] == "private-first"


def test_each_instance_has_a_prefix_cache_of_its_own(cast: Cast) -> None:
    row = BackendFactory(kind=Kind.VLLM)
    salts = {
        connection_to(row, "m", Access(), None, instance).cache_salt
        for instance in (cast.instance, cast.instance, cast.other_instance)
    }
    assert len(salts) == 2
    assert not {str(cast.instance.pk), cast.instance.slug} & salts


def counted(completion_tokens: int, **more: Any) -> dict[str, Any]:
    return {"usage": {"prompt_tokens": 11, "completion_tokens": completion_tokens} | more}


ANSWERS: dict[Kind, tuple[list[bytes], TokenUsage]] = {
    # With continuous_usage_stats, which an operator may switch on in front of it.
    Kind.VLLM: (
        [
            chunk(delta={"role": "assistant", "content": ""}, **counted(0)),
            chunk(delta={"reasoning": "Voyons."}, **counted(2)),
            chunk("C'est Paris", **counted(6)),
            chunk(delta={}, finish_reason="stop", stop_reason=None, **counted(7)),
            chunk(choices=[], **counted(7, prompt_tokens_details=None)),
            DONE,
        ],
        TokenUsage(11, 7, reasoning_tokens=3),
    ),
    Kind.OLLAMA: (
        [
            chunk(delta={"role": "assistant", "content": "", "reasoning": "Voyons."}),
            chunk(delta={"role": "assistant", "content": "C'est Paris"}),
            chunk(delta={"role": "assistant", "content": ""}, finish_reason="stop"),
            usage_chunk(),
            DONE,
        ],
        TokenUsage(11, 7, reasoning_tokens=3),
    ),
    Kind.LLAMA_CPP: (
        [
            chunk(delta={"role": "assistant", "content": None}),
            chunk(delta={"reasoning_content": "Voyons."}),
            PARIS,
            chunk(delta={}, finish_reason="stop"),
            chunk(
                choices=[],
                **counted(7),
                timings={"prompt_n": 11, "prompt_ms": 5.0, "predicted_n": 7, "predicted_ms": 70.0},
            ),
            DONE,
        ],
        TokenUsage(11, 7, reasoning_tokens=3, prompt_ms=5.0, completion_ms=70.0),
    ),
    Kind.OPENGATELLM: (
        [
            chunk(delta={"reasoning_content": "Voyons."}),
            PARIS,
            chunk(
                delta={},
                finish_reason="stop",
                **counted(7, cost=0.5, impacts={"kWh": 0.001, "kgCO2eq": 0.0}),
            ),
            DONE,
        ],
        TokenUsage(11, 7, reasoning_tokens=3, backend_energy_wh=1.0, backend_cost=0.5),
    ),
    # It passes on what the vLLM behind it sends; comments keep the connection open in its queue.
    Kind.ARISTOTE: (
        [
            b": queued\n\n",
            chunk(delta={"role": "assistant", "content": ""}),
            chunk(delta={"reasoning_content": "Voyons."}),
            PARIS,
            STOP,
            usage_chunk(),
            DONE,
        ],
        TokenUsage(11, 7, reasoning_tokens=3),
    ),
    Kind.OPENAI: (
        [
            chunk(delta={"role": "assistant", "content": "", "refusal": None}, usage=None),
            chunk("<think>Voyons.</think>C'est Paris", usage=None),
            chunk(delta={}, finish_reason="stop", usage=None),
            usage_chunk(completion_tokens_details={"reasoning_tokens": 2}),
            DONE,
        ],
        TokenUsage(11, 7, reasoning_tokens=2),
    ),
}


@pytest.mark.parametrize("kind", Kind.values)
async def test_answer_of_each_kind_is_read(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, kind: str
) -> None:
    parts, usage = ANSWERS[Kind(kind)]
    scripted_llm.script(Reply(parts))
    events = await collect(chat_backend)
    assert (reasoning_of(events), text_of(events)) == ("Voyons.", "C'est Paris")
    assert end_of(events).finish_reason == "stop"
    assert end_of(events).usage == usage


async def test_counts_that_come_with_each_piece_survive_a_cut(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    parts, _usage = ANSWERS[Kind.VLLM]
    scripted_llm.script(Reply([*parts[:3], Act.CUT]))
    _events, error = await failure_of(replace(chat_backend, max_retries=0))
    assert error.usage is not None
    assert (error.usage.completion_tokens, error.usage.estimated) == (6, False)
