"""Measure how the load of one instance slows down another; print JSON.

    python -m bench.fair_turns [--questions 240] [--answers 10] [--large-mb 18]

- The first word of another instance's answers, idle and while one member asks 240 questions at
  once, again and again.
- The time until another instance's small document is ready, idle and while three text files of
  18 MB of one instance are being ingested.
"""

import argparse
import asyncio
import json
import random
import time
from collections import Counter
from dataclasses import replace
from time import perf_counter

import httpx

from bench.answers import (
    answered_questions,
    ask_browser,
    first_token_ms,
    in_turn,
    quantiles,
    upload_corpus,
)
from bench.corpus import paragraphs, questions
from bench.stack import Stack, paced_llm, running_stack

POLL_S = 0.1
READY_TIMEOUT_S = 600.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=240)
    parser.add_argument("--answers", type=int, default=10)
    parser.add_argument("--large-mb", type=float, default=18)
    options = parser.parse_args()
    # Without limits for the other instance: they must not slow it down.
    env = {"QUESTIONS_PER_MINUTE_PER_PERSON": "1000"}
    with (
        paced_llm(tokens=40) as llm,
        running_stack(llm_base_url=llm, env=env) as stack,
    ):
        greedy = replace(stack)
        stack.add_people(1, slug="autre")
        for each in (greedy, stack):
            upload_corpus(each, 10)
        measured = {
            "first_word_ms": asyncio.run(first_words(greedy, stack, options)),
            "small_document_s": documents(greedy, stack, int(options.large_mb * 1e6)),
        }
        print(json.dumps(measured, indent=2))


async def first_words(
    greedy: Stack, other: Stack, options: argparse.Namespace
) -> dict[str, object]:
    """The first word of another instance's answers, without and with one member's load."""
    asked = await answered_questions(other, options.answers)
    await in_turn(ask_browser, other, asked[:2])
    idle = first_token_ms(await in_turn(ask_browser, other, asked))
    statuses: Counter[int] = Counter()
    load = asyncio.create_task(ask_again_and_again(greedy, options.questions, statuses))
    while not statuses:
        await asyncio.sleep(POLL_S)
    loaded = first_token_ms(await in_turn(ask_browser, other, asked))
    load.cancel()
    return {"idle": quantiles(idle), "loaded": quantiles(loaded), "statuses": dict(statuses)}


async def ask_again_and_again(stack: Stack, n_questions: int, statuses: Counter[int]) -> None:
    """One member asks so many questions at once; those that are answered and refused count."""
    url = f"{stack.url}/i/{stack.tenancy.slug}/ask/"
    limits = httpx.Limits(max_connections=n_questions)
    asked = questions()
    async with httpx.AsyncClient(
        headers=stack.browser_headers(), limits=limits, timeout=120
    ) as client:

        async def ask() -> None:
            response = await client.post(url, json={"question": random.choice(asked)})
            statuses[response.status_code] += 1

        while True:
            await asyncio.gather(*(ask() for _ in range(n_questions)))


def documents(greedy: Stack, other: Stack, large_bytes: int) -> dict[str, object]:
    """Seconds from the upload of a small document of another instance until it is ready."""
    idle = [ready_after_s(other, f"calme {number}") for number in range(3)]
    with greedy.api() as api:
        for number in range(3):
            file = (f"grand-{number}.txt", large_text(large_bytes, number))
            api.post("/api/v1/documents", files={"file": file}).raise_for_status()
        while not statuses_of(api)["parsing"]:
            time.sleep(POLL_S)
        loaded = [ready_after_s(other, f"charge {number}") for number in range(5)]
        left = dict(statuses_of(api))
    return {"idle": rounded(idle), "loaded": rounded(loaded), "large_files": left}


def ready_after_s(stack: Stack, name: str) -> float:
    """Upload a small text and wait until it is ready."""
    content = f"Note {name}\n\nLa note {name} fixe la réunion au mardi suivant.".encode()
    started = perf_counter()
    with stack.api() as api:
        answer = api.post("/api/v1/documents", files={"file": (f"{name}.txt", content)})
        answer.raise_for_status()
        url = f"/api/v1/documents/{answer.json()['id']}"
        while (status := api.get(url).json()["status"]) != "ready":
            assert status != "failed"
            assert perf_counter() - started < READY_TIMEOUT_S
            time.sleep(POLL_S)
    return perf_counter() - started


def statuses_of(api: httpx.Client) -> Counter[str]:
    """Number of documents of an instance by status."""
    documents = api.get("/api/v1/documents", params={"limit": 100}).json()
    return Counter(document["status"] for document in documents)


def large_text(n_bytes: int, seed: int) -> bytes:
    """Paragraphs of the corpus in an order of their own, until there are so many bytes."""
    texts = paragraphs()
    random.Random(seed).shuffle(texts)
    size = sum(len(text.encode()) + 2 for text in texts)
    whole = "\n\n".join(texts * (1 + n_bytes // size)).encode()
    return whole[:n_bytes].decode(errors="ignore").encode()


def rounded(seconds: list[float]) -> list[float]:
    return [round(value, 1) for value in seconds]


if __name__ == "__main__":
    main()
