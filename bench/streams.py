"""Run many answers at once, half through the API, half as browsers do; print JSON.

    python -m bench.streams [--streams 200] [--tokens 100] [--interval-ms 50]

Reported: errors, answers that lost a token, the longest pause inside an answer, the time to the
first token, and the duration compared with the backend's own.
"""

import argparse
import asyncio
import json
from time import perf_counter

from bench.answers import (
    Timing,
    ask_api,
    ask_browser,
    at_once,
    in_turn,
    quantiles,
    upload_corpus,
)
from bench.corpus import questions
from bench.stack import LLM_FIRST_TOKEN_MS, NO_LIMITS, Stack, paced_llm, running_stack


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--tokens", type=int, default=100)
    parser.add_argument("--interval-ms", type=float, default=50)
    parser.add_argument("--documents", type=int, default=20)
    options = parser.parse_args()
    with (
        paced_llm(tokens=options.tokens, interval_ms=options.interval_ms) as llm,
        running_stack(llm_base_url=llm, n_people=20, env=NO_LIMITS) as stack,
    ):
        upload_corpus(stack, options.documents)
        own_s = (LLM_FIRST_TOKEN_MS + (options.tokens - 1) * options.interval_ms) / 1000
        measured = asyncio.run(measure(stack, options.streams, options.tokens))
        print(json.dumps(measured | {"backend_s": own_s}, indent=2))


async def measure(stack: Stack, n_streams: int, n_tokens: int) -> dict[str, object]:
    """Ask all at once and watch every stream to its end."""
    asked = questions()
    await in_turn(ask_api, stack, asked[:2])
    half = n_streams // 2
    started = perf_counter()
    answers: list[list[Timing]] = await asyncio.gather(
        at_once(ask_api, stack, asked[:half]),
        at_once(ask_browser, stack, asked[half:n_streams]),
    )
    seconds = perf_counter() - started
    timings = [timing for way in answers for timing in way]
    errors = [timing.error for timing in timings if timing.error]
    whole = [timing for timing in timings if not timing.error]
    # Questions that no passage answers: no model is called.
    answered = [timing for timing in whole if timing.n_tokens]
    return {
        "streams": len(timings),
        "errors": len(errors),
        "first_errors": errors[:3],
        "nothing_found": len(whole) - len(answered),
        "incomplete": sum(timing.n_tokens != n_tokens for timing in answered),
        "first_token_ms": quantiles([timing.first_token_ms for timing in whole]),
        "longest_pause_ms": round(max(timing.longest_pause_ms for timing in whole), 1),
        "pause_ms": quantiles([timing.longest_pause_ms for timing in whole]),
        "seconds": round(seconds, 2),
    }


if __name__ == "__main__":
    main()
