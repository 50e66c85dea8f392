"""Measure the time to the first token that ragapp adds, answers a second, and processor time.

    python -m bench.first_token [--documents 8] [--users 1 10 50] [--rounds 3] [--ways api browser]

The load: one scripted model (64 tokens, 10 ms apart, the first after 50 ms), one Python client on
the same machine, questions over eight PDFs. In each round, every number of users asks a question
each in the same instant: the model directly, then through ragapp (retrieval included), by the API
and as a browser does. What is added is the median of a round less the model's own; the report has
the median of the rounds.

Processor milliseconds of our processes (the model's and the client's excluded) do not depend on
neighbours. Those of a token are the difference between answers of 64 tokens and of one; what the
web process spends on a token bounds the tokens a second that it delivers.
"""

import argparse
import asyncio
import json
import statistics
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from time import perf_counter

import psutil

from bench.answers import (
    Ask,
    Timing,
    answered_questions,
    ask_api,
    ask_browser,
    ask_llm,
    at_once,
    first_token_ms,
    in_turn,
    upload_files,
)
from bench.corpus import pdf_documents
from bench.stack import NO_LIMITS, Stack, paced_llm, running_stack

WAYS: dict[str, Ask] = {"api": ask_api, "browser": ask_browser}
TOKENS, INTERVAL_MS = 64, 10.0
# Answers in a round at least; questions that rounds skip, so that each asks others.
_AT_LEAST, _MOST = 10, 50
_OURS = ("web", "models", "postgres", "valkey")


@dataclass(frozen=True)
class Round:
    """Users who asked in the same instant."""

    first_token_ms: float
    seconds: float
    n_answers: int
    # By process, for one answer.
    processor_ms: dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=8)
    parser.add_argument("--users", type=int, nargs="+", default=[1, 10, 50])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    options = parser.parse_args()
    with (
        paced_llm(tokens=TOKENS, interval_ms=INTERVAL_MS) as llm,
        running_stack(llm_base_url=llm, n_people=max(options.users), env=NO_LIMITS) as stack,
    ):
        upload_files(stack, pdf_documents(options.documents))
        asked = asyncio.run(answered_questions(stack, options.rounds * _MOST))
        print(json.dumps(measure(stack, llm, asked, options), indent=2))


def measure(
    stack: Stack, llm: str, asked: Sequence[str], options: argparse.Namespace
) -> dict[str, object]:
    """Report the added time and the processor time, by way in and number of users."""
    users, rounds, ways = options.users, options.rounds, options.ways
    asks = {"llm": _direct(llm)} | {way: WAYS[way] for way in ways}
    # The first questions of a process open connections and fill caches: they are not counted.
    for ask in asks.values():
        asyncio.run(in_turn(ask, stack, asked[:3]))
        asyncio.run(at_once(ask, stack, asked[: max(users)]))
    measured: dict[tuple[str, int], list[Round]] = defaultdict(list)
    for number in range(rounds):
        for n_users in users:
            for way, ask in asks.items():
                measured[way, n_users].append(_round(ask, stack, n_users, asked[number * _MOST :]))
    report: dict[str, object] = {
        f"{way}, {n_users} at once": _summary(measured[way, n_users], measured["llm", n_users])
        for way in ways
        for n_users in users
    }
    if "api" in ways:
        short = [
            _round(_one_token, stack, max(users), asked[number * _MOST :])
            for number in range(rounds)
        ]
        report["processor_ms_a_token"] = _of_a_token(measured["api", max(users)], short)
    return report


def _round(ask: Ask, stack: Stack, n_users: int, asked: Sequence[str]) -> Round:
    before, started = _processor_seconds(stack), perf_counter()
    timings: list[Timing] = []
    # Several times for few users, as processor time is counted in steps of 10 ms.
    for repetition in range(max(1, _AT_LEAST // n_users)):
        some = asked[repetition * n_users : (repetition + 1) * n_users]
        timings += asyncio.run(at_once(ask, stack, some))
    seconds = perf_counter() - started
    after = _processor_seconds(stack)
    return Round(
        first_token_ms=statistics.median(first_token_ms(timings)),
        seconds=seconds,
        n_answers=len(timings),
        processor_ms={
            name: 1000 * (after[name] - before.get(name, 0.0)) / len(timings) for name in after
        },
    )


def _summary(rounds: Sequence[Round], direct: Sequence[Round]) -> dict[str, object]:
    own = statistics.median(each.first_token_ms for each in direct)
    return {
        "added_first_token_ms": round(
            statistics.median(each.first_token_ms for each in rounds) - own
        ),
        "rounds": [round(each.first_token_ms - own) for each in rounds],
        "answers_a_second": round(
            statistics.median(each.n_answers / each.seconds for each in rounds), 1
        ),
        "processor_ms_an_answer": _processor_ms(rounds),
    }


def _of_a_token(long: Sequence[Round], short: Sequence[Round]) -> dict[str, float]:
    of_long, of_short = _processor_ms(long), _processor_ms(short)
    return {name: round((of_long[name] - of_short[name]) / (TOKENS - 1), 3) for name in of_long}


def _processor_ms(rounds: Sequence[Round]) -> dict[str, float]:
    medians = {
        name: statistics.median(each.processor_ms[name] for each in rounds) for name in _OURS
    }
    return {name: round(value, 2) for name, value in medians.items()} | {
        "all": round(sum(medians.values()), 2)
    }


def _processor_seconds(stack: Stack) -> dict[str, float]:
    """User and system time of our processes so far, by name."""
    seconds = dict.fromkeys(_OURS, 0.0)
    for name in _OURS:
        for pid in stack.pids(name):
            # A connection's process may end meanwhile.
            with suppress(psutil.NoSuchProcess):
                times = psutil.Process(pid).cpu_times()
                seconds[name] += times.user + times.system
    return seconds


def _direct(llm: str) -> Ask:
    async def ask(_stack: Stack, question: str, _person: int) -> Timing:
        return await ask_llm(llm, question)

    return ask


_one_token: Ask = partial(ask_api, max_tokens=1)


if __name__ == "__main__":
    main()
