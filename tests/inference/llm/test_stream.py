"""What the chat client makes of the streams that servers really send."""

import gzip

import pytest
from aiohttp.client_proto import ResponseHandler

from inference.llm import wire
from inference.llm.backend import ChatBackend, ChatMessage
from inference.llm.events import Finished, ReasoningDelta, TextDelta
from inference.llm.tokens import estimate_tokens
from inference.token_usage import TokenUsage
from instances.models import Sensitivity
from tests.inference.llm.collect import STOP, collect, end_of, reasoning_of, text_of
from tests.scripted_llm import (
    DONE,
    EVENT_STREAM,
    MODEL,
    USAGE,
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
    for name in ("SHORTEST_PAUSE_S", "LONGEST_PAUSE_S"):
        monkeypatch.setattr(wire, name, 0.2)
    scripted_llm.script(stream(*"12345678", pause_s=0.01))
    events = await collect(chat_backend)
    assert text_of(events) == "12345678"
    assert len([event for event in events if isinstance(event, TextDelta)]) < 8


async def test_what_arrives_during_a_pause_is_read_together(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SHORTEST_PAUSE_S", "LONGEST_PAUSE_S"):
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
