"""The way of one question to its first word: what happens when, in milliseconds.

    python -m bench.timeline [--way api] [--questions 30]

One person asks one question after another, of a web process that notes its steps
(``bench.timeline.traced_server``), beside a whole stack with the load of ``bench.first_token``.
Printed are the medians of the beginning and the duration of each step, counted from the request;
steps within others are counted in both.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import httpx
import psutil

from bench.answers import Timing, answered_questions, in_turn, upload_files
from bench.corpus import pdf_documents
from bench.first_token import INTERVAL_MS, TOKENS, WAYS
from bench.stack import NO_LIMITS, Stack, free_port, paced_llm, running_stack
from launcher.project import ROOT

_WARM_UP = 12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--way", choices=WAYS, default="api")
    parser.add_argument("--questions", type=int, default=30)
    options = parser.parse_args()
    with (
        paced_llm(tokens=TOKENS, interval_ms=INTERVAL_MS) as llm,
        running_stack(llm_base_url=llm, env=NO_LIMITS) as stack,
        tempfile.TemporaryDirectory() as folder,
    ):
        upload_files(stack, pdf_documents(8))
        asked = asyncio.run(answered_questions(stack, options.questions + _WARM_UP))
        started, timings, noted = _traced(stack, asked, options.way, Path(folder, "noted"))
    print(f"first token after {statistics.median(each.first_token_ms for each in timings):.1f} ms")
    _print(started, noted)


def _traced(
    stack: Stack, asked: list[str], way: str, file: Path
) -> tuple[list[float], list[Timing], list[tuple[str, float, float]]]:
    """Ask a web process that notes its steps; return when, the times, and the steps."""
    env = psutil.Process(stack.pids("web")[0]).environ() | {"WEB_PROCESSES": "1"}
    stack.port = free_port()
    command = [sys.executable, "-m", "bench.timeline.traced_server", str(stack.port), str(file)]
    server = subprocess.Popen(command, env=env, cwd=ROOT)
    _wait(stack)
    asyncio.run(in_turn(WAYS[way], stack, asked[:_WARM_UP]))
    started, timings = [], []
    for question in asked[_WARM_UP:]:
        started.append(time.perf_counter())
        timings += asyncio.run(in_turn(WAYS[way], stack, [question]))
    server.terminate()
    server.wait()
    return started, timings, json.loads(file.read_text())


def _wait(stack: Stack) -> None:
    while True:
        try:
            httpx.get(f"{stack.url}/healthz")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return


def _print(started: list[float], noted: list[tuple[str, float, float]]) -> None:
    steps: dict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)
    for begin, end in zip(started, [*started[1:], float("inf")], strict=True):
        numbers: dict[str, int] = defaultdict(int)
        for name, first, last in sorted(noted, key=lambda each: each[1]):
            if begin <= first < end:
                steps[name, numbers[name]].append((1000 * (first - begin), 1000 * (last - first)))
                numbers[name] += 1
    rows = [
        (*map(statistics.median, zip(*times, strict=True)), name, len(times))
        for (name, _number), times in steps.items()
        if len(times) > len(started) / 2
    ]
    for begin_ms, ms, name, n in sorted(rows):
        print(f"{begin_ms:8.2f} {ms:8.2f}  {name}" + (f"  ({n})" if n < len(started) else ""))


if __name__ == "__main__":
    main()
