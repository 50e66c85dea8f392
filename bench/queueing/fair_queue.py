"""Measure how long a request of organisation B waits beside a hundred of A; print JSON.

    python -m bench.queueing.fair_queue [--load 100] [--slots 4] [--answers 10]

The load: a scripted model whose answers take about two seconds (40 tokens, 50 ms apart), of which
the site sends it ``--slots`` at a time, and a client on the same machine that keeps ``--load``
requests of A under way through the API. B asks one question after the other, first idle, then
beside A. Times are those of whole answers; ``ratio`` is that of the medians.
"""

import argparse
import asyncio
import json
from dataclasses import replace
from time import perf_counter

from bench.answers import (
    answered_questions,
    ask_api,
    first_token_ms,
    quantiles,
    upload_corpus,
)
from bench.stack import NO_LIMITS, Stack, paced_llm, running_stack

TOKENS, INTERVAL_MS = 40, 50.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--load", type=int, default=100)
    parser.add_argument("--slots", type=int, default=4)
    parser.add_argument("--answers", type=int, default=10)
    options = parser.parse_args()
    env = NO_LIMITS | {"LLM_MAX_CONCURRENCY": str(options.slots)}
    with (
        paced_llm(tokens=TOKENS, interval_ms=INTERVAL_MS) as llm,
        running_stack(llm_base_url=llm, env=env) as stack,
    ):
        loading = replace(stack)
        stack.add_people(1, slug="autre")
        for each in (loading, stack):
            upload_corpus(each, 4)
        print(json.dumps(asyncio.run(measure(loading, stack, options)), indent=2))


async def measure(loading: Stack, other: Stack, options: argparse.Namespace) -> dict[str, object]:
    """Return the times of B's answers, idle and beside A's."""
    # Those that the model answers: a refused question takes no place in the queue.
    asked_by_a = await answered_questions(loading, options.load)
    asked = await answered_questions(other, options.answers)
    idle = await answer_times_ms(other, asked)
    n_answered = 0

    async def ask_again_and_again(number: int) -> None:
        nonlocal n_answered
        while True:
            first_token_ms([await ask_api(loading, asked_by_a[number], 0)])
            n_answered += 1

    load = [asyncio.create_task(ask_again_and_again(number)) for number in range(options.load)]
    while not n_answered:
        await asyncio.sleep(0.1)
    started = perf_counter()
    loaded = await answer_times_ms(other, asked)
    seconds = perf_counter() - started
    for each in load:
        assert not each.done(), each
        each.cancel()
    await asyncio.gather(*load, return_exceptions=True)
    idle_ms, loaded_ms = quantiles(idle), quantiles(loaded)
    return {
        "idle_ms": idle_ms,
        "loaded_ms": loaded_ms,
        "ratio": round(loaded_ms["p50"] / idle_ms["p50"], 2),
        "worst_ratio": round(max(loaded) / idle_ms["p50"], 2),
        "answers_of_a_per_s": round(n_answered / seconds, 2),
    }


async def answer_times_ms(stack: Stack, asked: list[str]) -> list[float]:
    """Ask one question after the other; return the time of each whole answer."""
    times = []
    for question in asked:
        started = perf_counter()
        first_token_ms([await ask_api(stack, question, 0)])
        times.append(1000 * (perf_counter() - started))
    return times


if __name__ == "__main__":
    main()
