"""Energy of a server, shared among requests that it answered together."""

import random
from dataclasses import replace

import pytest

from usage.energy.attribution import (
    LATEST_WINDOWS,
    MIN_WINDOWS,
    TokenCounts,
    Window,
    current_joules_per_token,
    fit,
    naive_joules_per_token,
)
from usage.energy.server_counters import read_counters, window_between

IDLE_W = 90.0
STEP_J = 5.0
PROMPT_J, COMPLETION_J = {"small": 0.03, "large": 0.1}, {"small": 0.4, "large": 1.2}


def window(work: dict[str, tuple[float, float, float]], noise: float = 0.0) -> Window:
    """A window of 15 s of a server whose true coefficients are known."""
    joules = 15 * IDLE_W + sum(
        PROMPT_J[name] * read + COMPLETION_J[name] * written + STEP_J * steps
        for name, (read, written, steps) in work.items()
    )
    counts = {name: TokenCounts(*each) for name, each in work.items()}
    return Window(15.0, joules * (1 + noise), counts)


def windows(noise: float = 0.0) -> list[Window]:
    """Two models on one GPU under changing load, with pauses."""
    chance = random.Random(10)
    made = []
    for number in range(120):
        load = {
            name: (chance.uniform(0, 40_000), chance.uniform(300, 4_000), chance.uniform(20, 300))
            for name in PROMPT_J
        }
        made.append(window({} if number % 4 == 0 else load, chance.gauss(0, noise)))
    return made


@pytest.mark.parametrize(("noise", "tolerance"), [(0.0, 1e-6), (0.03, 0.1)], ids=["exact", "noisy"])
def test_coefficients_of_two_models_on_one_gpu_are_found(noise: float, tolerance: float) -> None:
    seen = windows(noise)
    found = fit(seen)
    assert found is not None
    assert found.idle_w == pytest.approx(IDLE_W, rel=3 * tolerance)
    for name, energy in found.models.items():
        full = TokenCounts(10_000, 1_000, 100)
        assert energy.window_j(full) == pytest.approx(
            10_000 * PROMPT_J[name] + 1_000 * COMPLETION_J[name] + 100 * STEP_J, rel=tolerance
        )
    assert found.relative_error <= noise * 1.5 + 1e-9
    # All requests and the unused time together take what the counters say.
    marginal = sum(
        found.models[name].window_j(counts) for each in seen for name, counts in each.tokens.items()
    )
    shared = marginal * (1 + found.idle_ratio) + found.unused_j
    assert shared == pytest.approx(sum(each.joules for each in seen), rel=0.01)


def test_token_costs_less_in_a_full_batch() -> None:
    seen = windows()
    found = fit(seen)
    assert found is not None
    for batch in (1, 50):
        latest = [window({"small": (0, 1000, 1000 / batch)})] * LATEST_WINDOWS
        now = current_joules_per_token(found, [*seen, *latest])["small"]
        assert now.completion == pytest.approx(COMPLETION_J["small"] + STEP_J / batch)
    long_prompt = TokenCounts(5000, 50)
    assert naive_joules_per_token(seen) * long_prompt.total > 2 * now.marginal_j(long_prompt)


def test_nothing_is_attributed_from_too_few_windows() -> None:
    busy = [window({"small": (1000, 100, 10)})] * (MIN_WINDOWS - 1)
    assert fit(busy) is None
    assert fit([*busy, *[window({})] * 100]) is None
    assert fit([*busy, window({"small": (5000, 10, 10)})]) is not None


VLLM = """
# TYPE vllm:prompt_tokens counter
vllm:prompt_tokens_total{{engine="0",model_name="m"}} {prompt}
vllm:generation_tokens_total{{engine="0",model_name="m"}} {written}
vllm:prefix_cache_hits_total{{engine="0",model_name="m"}} {cached}
vllm:iteration_tokens_total_bucket{{engine="0",model_name="m",le="+Inf"}} {steps}
vllm:iteration_tokens_total_count{{engine="0",model_name="m"}} {steps}
"""
DCGM = """
# TYPE DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION counter
DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{{gpu="0"}} {mj}
DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{{gpu="1"}} 5000
"""


def test_window_is_the_difference_of_two_readings() -> None:
    def read(at_s: float, mj: int, **tokens: int):
        texts = [VLLM.format(**tokens)]
        return read_counters(at_s=at_s, server_metrics=texts, energy_metrics=[DCGM.format(mj=mj)])

    before = read(100.0, 1_000_000, prompt=1000, written=10, cached=200, steps=5)
    after = read(110.0, 3_000_000, prompt=1600, written=90, cached=500, steps=25)
    assert window_between(before, after, host_w=50.0) == Window(
        10.0, 2500.0, {"m": TokenCounts(300.0, 80.0, 20.0)}
    )
    # A server or a driver that was restarted counts from zero.
    assert window_between(after, before, host_w=0.0) is None
    restarted = replace(after, at_s=120.0, prompt={"m": 5.0}, joules=after.joules + 1)
    assert window_between(after, restarted, host_w=0.0) is None
    with pytest.raises(ValueError, match="DCGM"):
        read_counters(at_s=0.0, server_metrics=[], energy_metrics=["up 1\n"])


def test_power_counts_where_a_gpu_has_no_energy_counter() -> None:
    """Of two GPUs, the first counts its energy, and its power is not added to it."""
    text = """
DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{{gpu="0",UUID="a"}} {mj}
DCGM_FI_DEV_POWER_USAGE{{gpu="0",UUID="a"}} 300
DCGM_FI_DEV_POWER_USAGE{{gpu="1",UUID="b"}} {watts}
"""
    before, after = (
        read_counters(at_s=at_s, server_metrics=[], energy_metrics=[text.format(mj=mj, watts=w)])
        for at_s, mj, w in ((100.0, 1_000_000, 200), (115.0, 4_000_000, 100))
    )
    assert window_between(before, after, host_w=0.0) == Window(15.0, 3000.0 + 15 * 150.0, {})
    power = 'DCGM_FI_DEV_POWER_USAGE{gpu="0"} 70\n'
    alone = read_counters(at_s=0.0, server_metrics=[], energy_metrics=[power])
    assert (alone.joules, alone.power_w) == (0.0, 70.0)
