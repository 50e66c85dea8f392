"""Compare the energy attributed to requests with the true one, on replayed counters; print JSON.

    python -m bench.usage.attribution [--hours 2] [--noise 0.03] [--seed 10]

A simulated server of one GPU serves two models with batching, from idle to full load. Its energy is
the sum of idle power, of each prompt token, of each step of decoding (shared by the requests in the
batch) and of each written token: more than the attribution knows of. Counters in the formats of
vLLM and DCGM are read every 15 s, with noise; the attribution and the naive share are compared with
the true marginal energy of each request and of each model.
"""

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from usage.energy.attribution import (
    Attribution,
    TokenCounts,
    Window,
    current_joules_per_token,
    fit,
    naive_joules_per_token,
)
from usage.energy.server_counters import read_counters, window_between

STEP_S, POLL_S = 0.05, 15.0
IDLE_W = 90.0
PROMPT_TOKENS_A_STEP = 400.0


@dataclass(frozen=True)
class Truth:
    """The true energy of a model: J per token read, per step of decoding, per token written."""

    prompt_j: float
    step_j: float
    completion_j: float
    arrivals_per_s: float


# Of the order of an 8B and a 24B model on one H100; steps are shared by the requests of the batch.
MODELS = {
    "small": Truth(0.02, 0.6, 0.15, arrivals_per_s=1.2),
    "large": Truth(0.06, 1.6, 0.45, arrivals_per_s=0.5),
}


@dataclass
class Request:
    """A request under way, and the energy that it has taken so far."""

    model: str
    to_read: float
    to_write: int
    prompt: float = 0.0
    completion: float = 0.0
    joules: float = 0.0
    # In which it ended.
    window: int = 0


@dataclass
class Server:
    """The counters of the simulated server."""

    chance: random.Random
    joules: float = 0.0
    prompt: dict[str, float] = field(default_factory=lambda: dict.fromkeys(MODELS, 0.0))
    cached: dict[str, float] = field(default_factory=lambda: dict.fromkeys(MODELS, 0.0))
    written: dict[str, float] = field(default_factory=lambda: dict.fromkeys(MODELS, 0.0))
    steps: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MODELS, 0))
    running: list[Request] = field(default_factory=list)
    ended: list[Request] = field(default_factory=list)
    window: int = 0

    def step(self, load: float) -> None:
        """Serve for ``STEP_S``; ``load`` scales the arrivals."""
        self.joules += IDLE_W * STEP_S
        for name, truth in MODELS.items():
            if self.chance.random() < truth.arrivals_per_s * load * STEP_S:
                self._arrive(name)
            requests = [each for each in self.running if each.model == name]
            self.steps[name] += bool(requests)
            self._work(truth, requests)
        ended = [each for each in self.running if not each.to_write]
        self.ended += ended
        for each in ended:
            each.window = self.window
        self.running = [each for each in self.running if each.to_write]

    def _arrive(self, name: str) -> None:
        prompt = self.chance.lognormvariate(7.6, 0.6)
        cached = prompt * self.chance.choice([0, 0, 0.3, 0.8])
        self.prompt[name] += prompt
        self.cached[name] += cached
        written = 1 + int(self.chance.lognormvariate(5.3, 0.7))
        self.running.append(Request(name, prompt - cached, written))

    def _work(self, truth: Truth, requests: Sequence[Request]) -> None:
        decoding = [each for each in requests if not each.to_read]
        for each in requests:
            if each.to_read:
                read = min(each.to_read, PROMPT_TOKENS_A_STEP)
                each.to_read -= read
                each.prompt += read
                self._take(each, truth.prompt_j * read)
        for each in decoding:
            each.to_write -= 1
            each.completion += 1
            self.written[each.model] += 1
            self._take(each, truth.completion_j + truth.step_j / len(decoding))

    def _take(self, request: Request, joules: float) -> None:
        request.joules += joules
        self.joules += joules

    def texts(self, noise: float) -> tuple[str, str]:
        """The texts of vLLM and DCGM."""
        lines = [
            f'vllm:{metric}_total{{model_name="{name}"}} {counts[name]:.0f}'
            for metric, counts in (
                ("prompt_tokens", self.prompt),
                ("prefix_cache_hits", self.cached),
                ("generation_tokens", self.written),
            )
            for name in MODELS
        ]
        lines += [
            f'vllm:iteration_tokens_total_count{{model_name="{name}"}} {steps}'
            for name, steps in self.steps.items()
        ]
        # The counter of the driver is late by some milliseconds, and exact in the long run.
        millijoules = 1000 * self.joules + noise * 1000 * 200 * self.chance.gauss(0, POLL_S / 3)
        return "\n".join(lines) + "\n", f"DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION {millijoules:.0f}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=2)
    parser.add_argument("--noise", type=float, default=0.03)
    parser.add_argument("--seed", type=int, default=10)
    options = parser.parse_args()
    server = Server(random.Random(options.seed))
    windows = list(replay(server, options.hours, options.noise))
    attribution = fit(windows)
    assert attribution is not None, "too few windows"
    print(json.dumps(report(server, windows, attribution), indent=2))


def replay(server: Server, hours: float, noise: float) -> Iterator[Window]:
    """Yield the windows between readings; the load changes every five minutes, also to nothing."""
    before = None
    steps = round(POLL_S / STEP_S)
    for number in range(round(hours * 3600 / POLL_S)):
        server.window = number
        load = (0.1, 0.5, 1.0, 0.3, 2.0, 0.0)[number // 20 % 6] * server.chance.uniform(0.3, 1.7)
        for _ in range(steps):
            server.step(load)
        metrics, energy = server.texts(noise)
        counters = read_counters(
            at_s=number * POLL_S, server_metrics=[metrics], energy_metrics=[energy]
        )
        if before is not None:
            window = window_between(before, counters, host_w=0.0)
            assert window is not None
            yield window
        before = counters


def report(
    server: Server, windows: Sequence[Window], attribution: Attribution
) -> dict[str, object]:
    """The errors of the attribution and of the naive share against the truth."""
    naive_j = naive_joules_per_token(windows)
    # As when the request ended; the first window begins with the second reading.
    per_token = [
        current_joules_per_token(attribution, windows[:number] or windows[:1])
        for number in range(len(windows) + 1)
    ]
    by_model = {}
    for name in MODELS:
        requests = [each for each in server.ended if each.model == name]
        counts = [TokenCounts(each.prompt, each.completion) for each in requests]
        true = [each.joules for each in requests]
        attributed = [
            per_token[each.window][name].marginal_j(tokens)
            for each, tokens in zip(requests, counts, strict=True)
        ]
        naive = [naive_j * each.total for each in counts]
        by_model[name] = {
            "requests": len(requests),
            "true_j": round(sum(true)),
            "attributed_error": _relative(sum(attributed), sum(true)),
            "naive_error": _relative(sum(naive), sum(true)),
            "median_error_of_a_request": _median_error(attributed, true),
            "median_naive_error_of_a_request": _median_error(naive, true),
        }
    measured = sum(window.joules for window in windows)
    shared = attribution.unused_j + sum(
        attribution.models[name].window_j(counts) * (1 + attribution.idle_ratio)
        for window in windows
        for name, counts in window.tokens.items()
    )
    return {
        "windows": len(windows),
        "models": by_model,
        "idle_w": {"true": IDLE_W, "fitted": round(attribution.idle_w, 1)},
        "idle_ratio": round(attribution.idle_ratio, 3),
        "unused_share": round(attribution.unused_j / measured, 3),
        "all_shares_to_measured": round(shared / measured, 4),
        "fit_error": round(attribution.relative_error, 4),
    }


def _relative(found: float, true: float) -> float:
    return round(found / true - 1, 4)


def _median_error(found: Sequence[float], true: Sequence[float]) -> float:
    errors = sorted(abs(one / other - 1) for one, other in zip(found, true, strict=True))
    return round(errors[len(errors) // 2], 4)


if __name__ == "__main__":
    main()
