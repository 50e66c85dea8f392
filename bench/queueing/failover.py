"""Measure what a failed backend adds to the first word of an answer, and what the queue adds.

    python -m bench.queueing.failover [--answers 50]

Needs the environment of the application with a CACHE_URL (``./manage`` prints none: take that of a
running site, or of ``./test``). The load: scripted models on this machine that begin at once, one
request at a time. The first backend refuses the connection, or answers 503; each failure is
forgotten before the next request, so that each pays for it (three in a row open the breaker).
"""

import argparse
import asyncio
import json
import socket
import statistics
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from time import perf_counter

import django

django.setup()

from django.core.cache import cache  # noqa: E402

from inference.llm.backend import ChatBackend, ChatMessage  # noqa: E402
from inference.llm.client import stream_chat  # noqa: E402
from inference.llm.connections import close_shared_client  # noqa: E402
from inference.llm.events import TextDelta  # noqa: E402
from inference.offered_models import ModelFigures, OfferedModel  # noqa: E402
from inference.routing import stream_answer  # noqa: E402
from instances.models import Sensitivity  # noqa: E402
from tests.scripted_llm import MODEL, ScriptedLLM, json_reply, stream  # noqa: E402

QUESTION = [ChatMessage("user", "One?", Sensitivity.PUBLIC)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=50)
    options = parser.parse_args()
    print(json.dumps(asyncio.run(measure(options.answers)), indent=2))


async def measure(n_answers: int) -> dict[str, float]:
    """Return the medians in ms."""
    busy = json_reply({"error": "busy"}, 503)
    with (
        ScriptedLLM(lambda _request: stream("Oui.")) as good,
        ScriptedLLM(lambda _request: busy) as bad,
    ):
        alone = at(good.base_url, 1)
        models = {
            "queue_and_breaker": alone,
            "refused_connection": behind(at(closed_address(), 2), alone),
            "status_503": behind(at(bad.base_url, 3), alone),
        }
        times: defaultdict[str, list[float]] = defaultdict(list)
        # In turn, so that the load of the machine is the same for all.
        for _ in range(n_answers):
            times["client"].append(await directly_ms(alone))
            for name, model in models.items():
                times[name].append(await first_word_ms(model))
        await close_shared_client()
    medians = {name: statistics.median(each) for name, each in times.items()}
    return {
        "client_ms": round(medians["client"], 1),
        "queue_and_breaker_add_ms": round(medians["queue_and_breaker"] - medians["client"], 1),
        "refused_connection_adds_ms": round(
            medians["refused_connection"] - medians["queue_and_breaker"], 1
        ),
        "status_503_adds_ms": round(medians["status_503"] - medians["queue_and_breaker"], 1),
        "slowest_failover_ms": round(max(times["refused_connection"] + times["status_503"]), 1),
    }


def at(base_url: str, number: int) -> OfferedModel:
    """Return a model of one backend."""
    connection = ChatBackend(base_url=base_url, model=MODEL, clearance=Sensitivity.PUBLIC)
    figures = ModelFigures(id="m", backend_id=number)
    return OfferedModel(figures=figures, label="M", description="", backend=connection)


def behind(first: OfferedModel, second: OfferedModel) -> OfferedModel:
    """Return the model at two backends."""
    return replace(first, alternatives=(second,))


def closed_address() -> str:
    """Return an address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}/v1"


async def directly_ms(model: OfferedModel) -> float:
    """Return the time to the first word from the backend itself."""
    assert model.backend is not None
    return await _first_word_ms(stream_chat(model.backend, QUESTION, max_tokens=9, temperature=0.0))


async def first_word_ms(model: OfferedModel) -> float:
    """Return the time to the first word from the first backend that answers."""
    cache.clear()
    return await _first_word_ms(stream_answer(model, QUESTION, max_tokens=9, temperature=0.0))


async def _first_word_ms(events: AsyncGenerator[object, None]) -> float:
    started = perf_counter()
    took_ms = 0.0
    async with aclosing(events):
        async for event in events:
            if isinstance(event, TextDelta):
                took_ms = took_ms or 1000 * (perf_counter() - started)
    return took_ms


if __name__ == "__main__":
    main()
