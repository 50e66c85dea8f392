"""Counters of inference servers: tokens from vLLM's ``/metrics``, energy from DCGM's exporter.

- vLLM: ``vllm:prompt_tokens_total`` and ``vllm:generation_tokens_total`` of each model, and the
  tokens of prompts found in the prefix cache (``vllm:prefix_cache_hits_total``, before version 0.9
  ``vllm:gpu_prefix_cache_hits_total``).
  The steps of its engine are the count of ``vllm:iteration_tokens_total``.
- DCGM: ``DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION`` of each GPU, in mJ since its driver was loaded; of
  a GPU without it, ``DCGM_FI_DEV_POWER_USAGE`` in W: the mean of two readings, times the seconds
  between them.

Both are texts of Prometheus. A counter that falls has begun anew, and makes no window.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from usage.energy.attribution import TokenCounts, Window

_PROMPT = "vllm:prompt_tokens_total"
_COMPLETION = "vllm:generation_tokens_total"
_STEPS = "vllm:iteration_tokens_total_count"
_CACHED = ("vllm:prefix_cache_hits_total", "vllm:gpu_prefix_cache_hits_total")
# The parser of Prometheus adds "_total" to the name of a counter.
_ENERGY_MJ = (
    "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION",
    "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION_total",
)
_POWER_W = "DCGM_FI_DEV_POWER_USAGE"
_MJ_PER_J = 1000.0


# The number of its exporter, and its identifier.
Gpu = tuple[int, str]


@dataclass(frozen=True, slots=True)
class ServerCounters:
    """The counters at one time: seconds, joules of the GPUs that count them, tokens by model.

    ``power_w`` is the power of the other GPUs at that time.
    """

    at_s: float
    joules: float
    power_w: float
    prompt: Mapping[str, float]
    cached: Mapping[str, float]
    completion: Mapping[str, float]
    steps: Mapping[str, float]


def read_counters(
    *,
    at_s: float,
    server_metrics: Iterable[str],
    energy_metrics: Iterable[str],
    gpus: Collection[str] = (),
) -> ServerCounters:
    """Return the counters of the texts of all servers; raises ValueError without any energy.

    ``gpus`` are the identifiers or numbers of those that are counted; all if there are none.
    """
    tokens: dict[str, dict[str, float]] = {}
    for name, labels, value in _samples(server_metrics):
        by_model = tokens.setdefault(name, defaultdict(float))
        by_model[labels.get("model_name", "")] += value
    energies: dict[Gpu, float] = {}
    powers: dict[Gpu, float] = {}
    for number, text in enumerate(energy_metrics):
        for name, labels, value in _samples([text]):
            names = {labels.get("UUID", ""), labels.get("gpu", "")}
            if gpus and names.isdisjoint(gpus):
                continue
            gpu = number, labels.get("UUID") or labels.get("gpu", "")
            if name in _ENERGY_MJ:
                energies[gpu] = energies.get(gpu, 0.0) + value
            elif name == _POWER_W:
                powers[gpu] = value
    if not energies and not powers:
        raise ValueError(f"neither {_ENERGY_MJ[0]} nor {_POWER_W}")
    cached = next((tokens[name] for name in _CACHED if name in tokens), {})
    return ServerCounters(
        at_s=at_s,
        joules=sum(energies.values()) / _MJ_PER_J,
        power_w=sum(power for gpu, power in powers.items() if gpu not in energies),
        prompt=tokens.get(_PROMPT, {}),
        cached=cached,
        completion=tokens.get(_COMPLETION, {}),
        steps=tokens.get(_STEPS, {}),
    )


def window_between(before: ServerCounters, after: ServerCounters, host_w: float) -> Window | None:
    """Return the window between two readings; None if a counter has begun anew.

    ``host_w`` is the power of the servers without their GPUs, which DCGM does not count.
    """
    seconds, joules = after.at_s - before.at_s, after.joules - before.joules
    if seconds <= 0 or joules < 0:
        return None
    joules += (before.power_w + after.power_w) / 2 * seconds
    tokens: dict[str, TokenCounts] = {}
    for model in after.completion:
        read, cached, written, steps = (
            new.get(model, 0.0) - old.get(model, 0.0)
            for new, old in (
                (after.prompt, before.prompt),
                (after.cached, before.cached),
                (after.completion, before.completion),
                (after.steps, before.steps),
            )
        )
        if min(read, cached, written, steps) < 0:
            return None
        tokens[model] = TokenCounts(max(0.0, read - cached), written, steps)
    return Window(seconds, joules + host_w * seconds, tokens)


def _samples(texts: Iterable[str]) -> Iterable[tuple[str, Mapping[str, str], float]]:
    for text in texts:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                yield sample.name, sample.labels, sample.value
