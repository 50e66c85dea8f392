"""Measure the time to the first token that ragapp adds to the backend's own; print JSON.

    python -m bench.first_token [--documents 60] [--questions 40] [--users 50] [--rounds 3]

The backend is a scripted LLM whose first token takes 50 ms. It is asked directly and through
ragapp (retrieval included), by the API and as the browser does, in turns; its own median is taken
off. One user asks question after question; then many users ask in the same instant.
"""

import argparse
import asyncio
import json
import statistics
from collections.abc import Awaitable, Callable

from bench.answers import (
    Ask,
    Timing,
    ask_api,
    ask_browser,
    ask_llm,
    at_once,
    first_token_ms,
    in_turn,
    quantiles,
    upload_corpus,
)
from bench.stack import NO_LIMITS, Stack, paced_llm, running_stack

WAYS: dict[str, Ask] = {"api": ask_api, "browser": ask_browser}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=60)
    parser.add_argument("--questions", type=int, default=40)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with (
        paced_llm() as llm,
        running_stack(llm_base_url=llm, n_people=options.users, env=NO_LIMITS) as stack,
    ):
        upload_corpus(stack, options.documents)
        measured = measure(stack, llm, options.questions, options.users, options.rounds)
        print(json.dumps(measured, indent=2))


def measure(
    stack: Stack, llm: str, n_questions: int, n_users: int, rounds: int
) -> dict[str, object]:
    """Milliseconds added, by way in and number of users."""
    ways = {**WAYS, "llm": _direct(llm)}
    # The first question of a process opens connections and fills caches: it is not counted.
    for ask in WAYS.values():
        _run(lambda ask=ask: in_turn(ask, stack, 3))
    alone: dict[str, list[float]] = {way: [] for way in ways}
    together: dict[str, list[list[float]]] = {way: [] for way in ways}
    for number in range(rounds):
        for way, ask in ways.items():
            alone[way] += _run(lambda ask=ask: in_turn(ask, stack, n_questions))
            together[way].append(
                _run(lambda ask=ask, skip=number * n_users: at_once(ask, stack, n_users, skip=skip))
            )
    own_alone = statistics.median(alone["llm"])
    own_together = statistics.median(value for values in together["llm"] for value in values)
    return {
        "backend_first_token_ms": {
            "1_user": round(own_alone, 1),
            f"{n_users}_users": round(own_together, 1),
        },
        "added_ms": {
            way: {
                "1_user": quantiles([value - own_alone for value in alone[way]]),
                f"{n_users}_users_p50": [
                    round(statistics.median(values) - own_together, 1) for values in together[way]
                ],
            }
            for way in WAYS
        },
    }


def _direct(llm: str) -> Ask:
    async def ask(_stack: Stack, question: str, _person: int) -> Timing:
        return await ask_llm(llm, question)

    return ask


def _run(ask: Callable[[], Awaitable[list[Timing]]]) -> list[float]:
    async def run() -> list[Timing]:
        return await ask()

    return first_token_ms(asyncio.run(run()))


if __name__ == "__main__":
    main()
