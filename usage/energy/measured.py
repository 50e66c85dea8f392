"""Measured energy of requests: servers' counters are polled, and the last fit is kept for a while.

``poll`` runs every ``POLL_S`` in a worker (``usage.tasks``) where ``LLM_METRICS_URLS`` and
``LLM_ENERGY_URLS`` are set. It keeps the windows of the last hour in the shared cache, where
``measured_energy`` finds the fit. Losing the cache loses an hour of windows: meanwhile requests are
calibrated or modelled, and say so.
"""

import logging
import time
from collections.abc import Sequence

import httpx
from django.conf import settings
from django.core.cache import cache

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
_LAST, _SEEN, _FIT = "usage:counters:2", "usage:windows", "usage:attribution"
_TIMEOUT_S = 5.0


def is_polled() -> bool:
    """Whether the addresses of counters are set."""
    return bool(settings.LLM_METRICS_URLS and settings.LLM_ENERGY_URLS)


def poll() -> None:
    """Read the counters, add the window since the last reading, and fit again."""
    try:
        counters = read_counters(
            at_s=time.time(),
            server_metrics=_texts(settings.LLM_METRICS_URLS),
            energy_metrics=_texts(settings.LLM_ENERGY_URLS),
        )
    except (httpx.HTTPError, ValueError) as error:
        logger.warning("the counters of the servers cannot be read: %s", error)
        return
    last: ServerCounters | None = cache.get(_LAST)
    cache.set(_LAST, counters, _KEPT_S)
    window = window_between(last, counters, settings.LLM_HOST_WATTS) if last else None
    if window is None:
        return
    windows: list[Window] = [*cache.get(_SEEN, []), window][-_WINDOWS:]
    cache.set(_SEEN, windows, _KEPT_S)
    if (attribution := fit(windows)) is not None:
        cache.set(_FIT, (attribution, current_joules_per_token(attribution, windows)), _FIT_KEPT_S)


def measured_energy(model: ModelFigures, tokens: TokenUsage) -> Energy | None:
    """Return the energy of a request; None for a model whose server is not measured."""
    if not is_polled() or not model.is_metered:
        return None
    kept: tuple[Attribution, dict[str, JoulesPerToken]] | None = cache.get(_FIT)
    if kept is None or model.server_id not in kept[1]:
        return None
    attribution, per_token = kept[0], kept[1][model.server_id]
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
        version=f"vLLM and DCGM, fit 1 on {attribution.windows} windows of {POLL_S:g} s",
    )


def _texts(urls: Sequence[str]) -> list[str]:
    return [httpx.get(url, timeout=_TIMEOUT_S).raise_for_status().text for url in urls]
