"""Measure how much ingesting 500 pages adds to the time to the first token; print JSON.

    python -m bench.ask_while_ingesting [--pages 500] [--rounds 2]

Questions are asked one after another when nothing else runs, then while the pages are parsed and
embedded, so that both see the same neighbours on the machine; each in turn, several times.
"""

import argparse
import asyncio
import json
import statistics
from collections.abc import Callable, Sequence
from itertools import cycle
from time import perf_counter

from bench.answers import (
    answered_questions,
    ask_api,
    first_token_ms,
    quantiles,
    upload_corpus,
    wait_until_ready,
)
from bench.corpus import pdf_of_pages
from bench.stack import NO_LIMITS, Stack, paced_llm, running_stack

PAGES_OF_A_FILE = 50
MAX_S = 120.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=20)
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    with paced_llm(tokens=5) as llm, running_stack(llm_base_url=llm, env=NO_LIMITS) as stack:
        upload_corpus(stack, options.documents)
        print(json.dumps(measure(stack, options.pages, options.rounds), indent=2))


def measure(stack: Stack, n_pages: int, rounds: int) -> dict[str, object]:
    """Milliseconds to the first token alone, while ingesting, and what was added to the median."""
    asked = asyncio.run(answered_questions(stack, 60))
    asyncio.run(_ask_while(stack, asked, _after(3)))
    alone: list[float] = []
    busy: list[float] = []
    for number in range(rounds):
        alone += asyncio.run(_ask_while(stack, asked, _after(20)))
        _upload(stack, n_pages, seed=number)
        busy += asyncio.run(_ask_while(stack, asked, _until_ready(stack)))
        wait_until_ready(stack)
    own = statistics.median(alone)
    return {
        "pages": n_pages,
        "questions_while_ingesting": len(busy),
        "first_token_ms_alone": quantiles(alone),
        "first_token_ms_while_ingesting": quantiles(busy),
        "added_ms": quantiles([value - own for value in busy]),
    }


async def _ask_while(
    stack: Stack, asked: Sequence[str], is_over: Callable[[], bool]
) -> list[float]:
    """Ask the questions in turn, again and again; return the milliseconds to each first token."""
    timings = []
    for question in cycle(asked):
        if is_over():
            break
        timings.append(await ask_api(stack, question, 0))
    return first_token_ms(timings)


def _after(n_questions: int) -> Callable[[], bool]:
    left = iter(range(n_questions))
    return lambda: next(left, None) is None


def _until_ready(stack: Stack) -> Callable[[], bool]:
    """Poll whether a document is still being ingested."""
    started = looked = perf_counter()
    api = stack.api()

    def is_over() -> bool:
        nonlocal looked
        if perf_counter() - looked < 1.0:
            return False
        looked = perf_counter()
        documents = api.get("/api/v1/documents").json()
        running = any(each["status"] not in ("ready", "failed") for each in documents)
        return not running or looked - started > MAX_S

    return is_over


def _upload(stack: Stack, n_pages: int, seed: int) -> None:
    with stack.api() as api:
        for number in range(n_pages // PAGES_OF_A_FILE):
            content = pdf_of_pages(PAGES_OF_A_FILE, seed=1000 * seed + PAGES_OF_A_FILE * number)
            file = (f"pages-{seed}-{number}.pdf", content)
            api.post("/api/v1/documents", files={"file": file}).raise_for_status()


if __name__ == "__main__":
    main()
