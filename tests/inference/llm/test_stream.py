"""What the chat client makes of the streams that servers really send."""

import gzip
from dataclasses import replace
from typing import Any

import pytest
from aiohttp.client_proto import ResponseHandler

from inference.llm import wire
from inference.llm.backend import ChatBackend, ChatMessage
from inference.llm.events import Finished, PromptTruncated, ReasoningDelta, TextDelta
from inference.llm.tokens import estimate_tokens
from inference.token_usage import TokenUsage
from instances.models import Sensitivity
from tests.inference.llm.collect import STOP, collect, end_of, reasoning_of, text_of
from tests.scripted_llm import (
    DONE,
    EVENT_STREAM,
    MODEL,
    USAGE,
    Act,
    Reply,
    ScriptedLLM,
    chunk,
    json_reply,
    stream,
    usage_chunk,
)

pytestmark = pytest.mark.usefixtures("closed_connections")

PARIS = chunk("C'est Paris, bien sûr.")


async def test_text_is_followed_by_end_and_usage(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    scripted_llm.script(stream("C'est", " Paris", ", bien sûr."))
    events = await collect(chat_backend)
    assert text_of(events) == "C'est Paris, bien sûr."
    assert events[-1] == Finished("stop", TokenUsage(prompt_tokens=11, completion_tokens=7), MODEL)


async def test_deltas_that_arrive_together_are_joined(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    together = b"".join(stream("un ", "deux ", "trois").parts[i] for i in (2, 4, 6))  # type: ignore[index]
    scripted_llm.script(Reply([together + STOP + DONE]))
    events = await collect(chat_backend)
    assert events[0] == TextDelta("un deux trois")


async def test_deltas_that_arrive_during_a_pause_are_joined(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PAUSE_PER_STREAM_S", "LONGEST_PAUSE_S"):
        monkeypatch.setattr(wire, name, 0.2)
    scripted_llm.script(stream(*"12345678", pause_s=0.01))
    events = await collect(chat_backend)
    assert text_of(events) == "12345678"
    assert len([event for event in events if isinstance(event, TextDelta)]) < 8


async def test_what_arrives_during_a_pause_is_read_together(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PAUSE_PER_STREAM_S", "LONGEST_PAUSE_S"):
        monkeypatch.setattr(wire, name, 0.2)
    reads: list[bytes] = []
    receive = ResponseHandler.data_received

    def counted(self: ResponseHandler, data: bytes) -> None:
        # aiohttp calls it without data too.
        reads.extend([data] if data else [])
        receive(self, data)

    monkeypatch.setattr(ResponseHandler, "data_received", counted)
    n_pieces = 32
    scripted_llm.script(stream(*"x" * n_pieces, pause_s=0.01))
    events = await collect(chat_backend)
    assert text_of(events) == "x" * n_pieces
    assert len(reads) < n_pieces / 2


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([PARIS, STOP, usage_chunk()], id="no-done"),
        pytest.param([PARIS, DONE], id="done-without-finish-reason"),
        pytest.param([(PARIS + STOP + DONE).replace(b"\n", b"\r\n")], id="crlf"),
        pytest.param(
            [b": ping\n\n", PARIS, b": OPENROUTER PROCESSING\n\n", STOP, DONE], id="comment"
        ),
        pytest.param([bytes([byte]) for byte in PARIS + STOP + DONE], id="byte-by-byte"),
        pytest.param([PARIS.strip() + b"\n", STOP.strip() + b"\n", DONE], id="no-blank-line"),
        pytest.param([PARIS, STOP.rstrip()], id="last-line-without-end"),
        pytest.param([PARIS.replace(b"data: ", b"data:"), STOP, DONE], id="no-space"),
        pytest.param([b"id: 1\nretry: 10\nevent: message\n", PARIS, STOP, DONE], id="other-fields"),
        pytest.param([PARIS, chunk(delta={"tool_calls": [{}]}), STOP, DONE], id="tool-calls"),
        pytest.param([PARIS, chunk(delta={"content": None}), STOP, DONE], id="null-content"),
        pytest.param([b'data: {"type": "ping"}\n\n', PARIS, STOP, DONE], id="unknown-payload"),
        pytest.param(
            [PARIS.replace(b'"choices"', b'"error": null, "choices"'), STOP], id="null-error"
        ),
        pytest.param(
            [chunk(delta={"content": [{"type": "text", "text": "C'est Paris, bien sûr."}]}), STOP],
            id="list-of-parts",
        ),
    ],
)
async def test_complete_answer_is_read_in_every_framing(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, parts: list[bytes]
) -> None:
    scripted_llm.script(Reply(parts))
    events = await collect(chat_backend)
    assert text_of(events) == "C'est Paris, bien sûr."
    assert end_of(events).finish_reason == "stop"


async def test_character_split_between_two_reads_is_decoded(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    raw = 'data: {"choices": [{"delta": {"content": "été 🎓"}}]}\n\n'.encode()
    scripted_llm.script(Reply([raw[:44], 0.01, raw[44:53], 0.01, raw[53:], STOP]))
    assert text_of(await collect(chat_backend)) == "été 🎓"


async def test_compressed_response_is_decoded(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    headers = EVENT_STREAM | {"Content-Encoding": "gzip"}
    scripted_llm.script(Reply([gzip.compress(PARIS + STOP + DONE)], headers=headers))
    assert text_of(await collect(chat_backend)) == "C'est Paris, bien sûr."


async def test_json_response_to_a_stream_request_is_read(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    message = {"role": "assistant", "content": "Paris.", "reasoning_content": "Facile."}
    choices = [{"index": 0, "message": message, "finish_reason": "length"}]
    scripted_llm.script(json_reply({"choices": choices, "usage": USAGE}))
    events = await collect(chat_backend)
    assert (text_of(events), reasoning_of(events)) == ("Paris.", "Facile.")
    assert end_of(events).finish_reason == "length"
    assert end_of(events).usage.completion_tokens == 7


async def test_empty_answer_is_accepted(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    scripted_llm.script(stream())
    (end,) = await collect(chat_backend)
    assert isinstance(end, Finished)


@pytest.mark.parametrize(
    "thoughts",
    [
        pytest.param([chunk(delta={"reasoning_content": "Voyons."})], id="reasoning_content"),
        pytest.param([chunk(delta={"reasoning": "Voyons."})], id="reasoning"),
        pytest.param(
            [chunk(delta={"reasoning": "Voyons.", "reasoning_content": "Voyons."})], id="both"
        ),
        pytest.param(
            [chunk(delta={"content": [{"thinking": [{"type": "text", "text": "Voyons."}]}]})],
            id="thinking-part",
        ),
        pytest.param([chunk("<think>Voyons.</think>")], id="inline"),
        pytest.param(
            [chunk(piece) for piece in ("\n<th", "ink>\nVoy", "ons.</", "think", ">\n\n")],
            id="inline-in-pieces",
        ),
    ],
)
async def test_reasoning_is_separated_from_the_text(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, thoughts: list[bytes]
) -> None:
    scripted_llm.script(Reply([*thoughts, PARIS, STOP, DONE]))
    events = await collect(chat_backend)
    assert reasoning_of(events) == "Voyons."
    assert text_of(events) == "C'est Paris, bien sûr."
    usage = end_of(events).usage
    assert usage.reasoning_tokens == estimate_tokens("Voyons.")
    assert usage.completion_tokens > usage.reasoning_tokens


@pytest.mark.parametrize(
    ("content", "text", "reasoning"),
    [
        pytest.param("La balise <think> sert à…", "La balise <think> sert à…", "", id="mentioned"),
        pytest.param("<", "<", "", id="start-of-a-tag-only"),
        pytest.param("<think>Sans fin </th", "", "Sans fin </th", id="never-closed"),
        pytest.param("<think></think>Paris", "Paris", "", id="empty-thought"),
    ],
)
async def test_inline_reasoning_is_recognised_by_its_tags_only(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, content: str, text: str, reasoning: str
) -> None:
    scripted_llm.script(Reply([*(chunk(letter) for letter in content), STOP, DONE]))
    events = await collect(chat_backend)
    assert (text_of(events), reasoning_of(events)) == (text, reasoning)


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


async def test_reasoning_and_text_in_one_read_keep_their_order(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend
) -> None:
    thought = chunk(delta={"reasoning_content": "Voyons."})
    scripted_llm.script(Reply([thought + PARIS + STOP + DONE]))
    events = await collect(chat_backend)
    assert events[:2] == [ReasoningDelta("Voyons."), TextDelta("C'est Paris, bien sûr.")]


async def test_scripted_model_cites_the_first_passage(chat_backend: ChatBackend) -> None:
    passages = '<passage number="1" source="a">\nUn fait. Un autre.\n</passage>\n\nQuestion: ?'
    assert (
        text_of(await collect(chat_backend, [ChatMessage("user", passages, Sensitivity.INTERNAL)]))
        == "Un fait. [1]"
    )
