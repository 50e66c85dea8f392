"""Measured energy of requests: servers' counters are polled, and the last fit is kept for a while.

``poll`` runs every ``POLL_S`` in a worker (``usage.tasks``). Each *meter* has counters of its own:
one for each backend of the site that names them, and one for ``LLM_METRICS_URLS`` and
``LLM_ENERGY_URLS``. It keeps the windows of the last hour in the shared cache, where
``measured_energy`` finds the fit. Losing the cache loses an hour of windows: meanwhile requests are
calibrated or modelled, and say so.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import httpx
from django.conf import settings
from django.core.cache import cache

from inference.models import Backend
from inference.offered_models import ModelFigures
from inference.token_usage import TokenUsage
from usage.energy.attribution import (
    Attribution,
    JoulesPerToken,
    TokenCounts,
    Window,
    current_joules_per_token,
    fit,
)
from usage.energy.figures import J_PER_WH, Energy, tokens_read
from usage.energy.server_counters import ServerCounters, read_counters, window_between

logger = logging.getLogger(__name__)

POLL_S = 15.0
_WINDOWS = 240
# A fit is not used when polling has stopped.
_FIT_KEPT_S = 120
_KEPT_S = 3600
# With the key of a meter after them.
_LAST, _SEEN, _FIT = "usage:counters:3:", "usage:windows:3:", "usage:attribution:3:"
_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Meter:
    """Where the counters of some servers are read, by the key of their backend; "": the settings.

    ``gpus`` are those that serve them, all if it is empty; ``host_watts`` is the power of the
    servers without GPUs.
    """

    key: str
    metrics_urls: Sequence[str]
    energy_urls: Sequence[str]
    gpus: frozenset[str] = frozenset()
    host_watts: float = 0.0


def is_polled() -> bool:
    """Whether the addresses of counters are set for the deployment."""
    return bool(settings.LLM_METRICS_URLS and settings.LLM_ENERGY_URLS)


def meters() -> Iterator[Meter]:
    """Yield the meter of the settings, if they have one, and those of enabled backends."""
    if is_polled():
        yield Meter(
            key="",
            metrics_urls=settings.LLM_METRICS_URLS,
            energy_urls=settings.LLM_ENERGY_URLS,
            host_watts=settings.LLM_HOST_WATTS,
        )
    metered = Backend.objects.filter(owner=None, is_enabled=True)
    for backend in metered.exclude(metrics_urls="").exclude(energy_urls=""):
        yield Meter(
            key=str(backend.pk),
            metrics_urls=backend.metrics_urls.split(),
            energy_urls=backend.energy_urls.split(),
            gpus=frozenset(filter(None, map(str.strip, backend.energy_gpus.split(",")))),
            host_watts=backend.host_watts,
        )


def poll() -> None:
    """Read the counters of each meter; servers that do not answer do not stop the others."""
    for meter in meters():
        try:
            _poll(meter)
        except (httpx.HTTPError, ValueError) as error:
            name = f"backend {meter.key}" if meter.key else "the servers"
            logger.warning("the counters of %s cannot be read: %s", name, error)


def _poll(meter: Meter) -> None:
    """Read the counters, add the window since the last reading, and fit again."""
    counters = read_counters(
        at_s=time.time(),
        server_metrics=_texts(meter.metrics_urls),
        energy_metrics=_texts(meter.energy_urls),
        gpus=meter.gpus,
    )
    last: ServerCounters | None = cache.get(_LAST + meter.key)
    cache.set(_LAST + meter.key, counters, _KEPT_S)
    window = window_between(last, counters, meter.host_watts) if last else None
    if window is None:
        return
    windows: list[Window] = [*cache.get(_SEEN + meter.key, []), window][-_WINDOWS:]
    cache.set(_SEEN + meter.key, windows, _KEPT_S)
    if (attribution := fit(windows)) is not None:
        per_token = current_joules_per_token(attribution, windows)
        cache.set(_FIT + meter.key, (attribution, per_token, meter.host_watts), _FIT_KEPT_S)


def measured_energy(model: ModelFigures, tokens: TokenUsage) -> Energy | None:
    """Return the energy of a request; None for a model whose server is not measured."""
    if model.has_own_meter:
        key = str(model.backend_id)
    elif is_polled() and model.is_metered:
        key = ""
    else:
        return None
    kept: tuple[Attribution, dict[str, JoulesPerToken], float] | None = cache.get(_FIT + key)
    if kept is None or model.server_id not in kept[1]:
        return None
    attribution, per_token, host_watts = kept[0], kept[1][model.server_id], kept[2]
    counts = TokenCounts(tokens_read(tokens), tokens.completion_tokens)
    to_wh = model.pue / J_PER_WH
    marginal_wh = to_wh * per_token.marginal_j(counts)
    total_wh = marginal_wh * (1 + attribution.idle_ratio)
    return Energy(
        low_wh=total_wh * max(0.0, 1 - attribution.relative_error),
        middle_wh=total_wh,
        high_wh=total_wh * (1 + attribution.relative_error),
        prefill_wh=to_wh * per_token.prompt * counts.prompt,
        decode_wh=to_wh * per_token.completion * counts.completion,
        idle_wh=marginal_wh * attribution.idle_ratio,
        method="measured",
        version=f"vLLM and DCGM, fit 1 on {attribution.windows} windows of {POLL_S:g} s, "
        f"hosts {host_watts:g} W",
    )


def _texts(urls: Sequence[str]) -> list[str]:
    return [httpx.get(url, timeout=_TIMEOUT_S).raise_for_status().text for url in urls]
