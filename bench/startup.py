"""Measure the time of a second start and the memory of idle processes; print JSON.

    python -m bench.startup [--rounds 3] [--idle-s 10]

PSS divides each page among the processes that map it, so its sum is the memory in use.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections import defaultdict
from pathlib import Path

from bench.answers import ask_api, in_turn, upload_corpus
from bench.corpus import questions
from bench.stack import Stack, running_stack


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--idle-s", type=float, default=10)
    options = parser.parse_args()
    with running_stack() as stack:
        starts = []
        for _ in range(options.rounds):
            stack.stop()
            starts.append(stack.start())
        time.sleep(options.idle_s)
        report: dict[str, object] = {
            "second_start_s": round(statistics.median(starts), 2),
            "starts_s": [round(seconds, 2) for seconds in starts],
            "after_start": memory(stack),
        }
        upload_corpus(stack, 8)
        asyncio.run(in_turn(ask_api, stack, questions()[:5]))
        time.sleep(options.idle_s)
        report["after_work"] = memory(stack)
        print(json.dumps(report, indent=2))


def memory(stack: Stack) -> dict[str, object]:
    """Megabytes of every process of the stack, the launcher included."""
    pss_kb: dict[str, int] = defaultdict(int)
    rss_kb = n_processes = 0
    pids = [*stack.pids(), *([stack.process.pid] if stack.process else [])]
    for pid in pids:
        try:
            fields = _rollup(pid)
        except OSError:  # it has ended meanwhile
            continue
        pss_kb[_program(pid)] += fields["Pss:"]
        rss_kb += fields["Rss:"]
        n_processes += 1
    return {
        "processes": n_processes,
        "pss_mb": sum(pss_kb.values()) // 1024,
        "rss_mb": rss_kb // 1024,
        "pss_mb_by_program": {name: kb // 1024 for name, kb in sorted(pss_kb.items())},
    }


def _rollup(pid: int) -> dict[str, int]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {line.split()[0]: int(line.split()[1]) for line in lines}


def _program(pid: int) -> str:
    """Its name in the launcher, from its command line."""
    command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    names = {
        "postgres": "postgres",
        "valkey": "valkey",
        "model_server": "models",
        "parse@": "worker-parse",
        "embed@": "worker-embed",
        " beat": "beat",
        "web_server": "web",
        "zygote": "parser",
        "launcher": "launcher",
    }
    return next((name for mark, name in names.items() if mark in command), command[:40])


if __name__ == "__main__":
    main()
