"""Reads the token counts, times and impacts that servers report in different formats.

OpenAI, vLLM and OpenGateLLM: `usage` (with `cost` and `impacts {kWh, kgCO2eq}` for OpenGateLLM, its
own estimate, 0 meaning not computed; older versions send `carbon`, with `min` and `max` of each).
llama.cpp: `timings`. Ollama: counts and nanoseconds at the top.
"""

from collections.abc import Mapping
from typing import Any

from inference.token_usage import TokenUsage

REPORTED_KEYS = (
    "usage",
    "timings",
    "prompt_eval_count",
    "eval_count",
    "prompt_eval_duration",
    "eval_duration",
)
NS_PER_MS = 1e6
WH_PER_KWH = 1000.0
G_PER_KG = 1000.0


def read_usage(
    reported: Mapping[str, Any],
    *,
    prompt_tokens: int,
    completion_tokens: int,
    reasoning_tokens: int,
) -> TokenUsage:
    """Return the usage reported under `REPORTED_KEYS`, completed by the given estimates."""
    usage = _mapping(reported.get("usage"))
    timings = _mapping(reported.get("timings"))
    impacts, carbon = _mapping(usage.get("impacts")), _mapping(usage.get("carbon"))
    prompt = (
        _count(usage.get("prompt_tokens"))
        or _sum(timings.get("prompt_n"), timings.get("cache_n"))
        or _count(reported.get("prompt_eval_count"))
    )
    completion = (
        _count(usage.get("completion_tokens"))
        or _count(timings.get("predicted_n"))
        or _count(reported.get("eval_count"))
    )
    details = _mapping(usage.get("completion_tokens_details"))
    return TokenUsage(
        prompt_tokens=prompt or prompt_tokens,
        completion_tokens=completion or completion_tokens,
        reasoning_tokens=_count(details.get("reasoning_tokens")) or reasoning_tokens or None,
        cached_tokens=_count(_mapping(usage.get("prompt_tokens_details")).get("cached_tokens"))
        or _count(timings.get("cache_n")),
        estimated=not prompt or (not completion and completion_tokens > 0),
        prompt_ms=_positive(timings.get("prompt_ms"))
        or _scaled(reported.get("prompt_eval_duration"), 1 / NS_PER_MS),
        completion_ms=_positive(timings.get("predicted_ms"))
        or _scaled(reported.get("eval_duration"), 1 / NS_PER_MS),
        backend_energy_wh=_scaled(impacts.get("kWh"), WH_PER_KWH)
        or _middle(carbon.get("kWh"), WH_PER_KWH),
        backend_gco2e=_scaled(impacts.get("kgCO2eq"), G_PER_KG)
        or _middle(carbon.get("kgCO2eq"), G_PER_KG),
        backend_cost=_positive(usage.get("cost")),
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _positive(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and value > 0 else None


def _scaled(value: object, factor: float) -> float | None:
    number = _positive(value)
    return None if number is None else number * factor


def _middle(ends: object, factor: float) -> float | None:
    """Return the middle of a range ``{min, max}``."""
    low, high = (_scaled(_mapping(ends).get(end), factor) for end in ("min", "max"))
    return None if high is None else ((low or 0.0) + high) / 2


def _count(value: object) -> int | None:
    number = _positive(value)
    return None if number is None else int(number)


def _sum(*values: object) -> int:
    return sum(_count(value) or 0 for value in values)
