"""What an answer will probably take, before the question is sent.

From the last ``_RECENT`` complete answers of the instance, by model: the energy, the carbon, the
time and the tokens between which nine of ten lay (5th to 95th percentile). A model without
``_ENOUGH`` of them is estimated from typical lengths of a prompt and an answer; its speed is
unknown. Energy and carbon are those of the method of the model's latest answers
(``usage.request_costs``); the price is that of the tokens at the present prices of the model.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor

from django.core.cache import cache
from django.db import connection

from inference.offered_models import ModelFigures
from inference.token_usage import TokenUsage
from usage.impact import llm_impact, local_impact
from usage.prices import cost_of

# The shortest and the longest of nine answers of ten; the middle is for comparing models.
TYPICAL_ANSWER = TokenUsage(prompt_tokens=2_000, completion_tokens=300)
_SHORT_ANSWER = TokenUsage(prompt_tokens=1_000, completion_tokens=60)
_LONG_ANSWER = TokenUsage(prompt_tokens=4_000, completion_tokens=800)
_NO_TOKENS = TokenUsage(0, 0)
# Processor time of a search with extracts, on a machine at ease and on a small one.
_SEARCH_CPU_S = (0.02, 0.5)

_RECENT = 500
_ENOUGH = 20
_KEPT_S = 600
_QUERY = """
WITH recent AS (
    SELECT request_id, model, method, total_ms, created_at FROM usage_usagerecord
    WHERE instance_id = %(instance_id)s AND kind = 'answer' AND outcome = 'complete'
    ORDER BY created_at DESC LIMIT %(recent)s
), answers AS (
    SELECT recent.model, recent.method, recent.total_ms, recent.created_at,
        sum(part.energy_wh) AS energy_wh,
        sum(part.gco2e_usage + part.gco2e_embodied) AS gco2e,
        sum(part.prompt_tokens) FILTER (WHERE part.kind IN ('answer', 'rewriting')) AS read,
        sum(part.completion_tokens) FILTER (WHERE part.kind IN ('answer', 'rewriting')) AS written
    FROM recent JOIN usage_usagerecord AS part USING (request_id, method)
    WHERE part.instance_id = %(instance_id)s
    GROUP BY recent.request_id, recent.model, recent.method, recent.total_ms, recent.created_at
)
SELECT DISTINCT ON (model) model, method,
    percentile_cont(ARRAY[0.05, 0.95]) WITHIN GROUP (ORDER BY energy_wh),
    percentile_cont(ARRAY[0.05, 0.95]) WITHIN GROUP (ORDER BY gco2e),
    percentile_cont(ARRAY[0.05, 0.95]) WITHIN GROUP (ORDER BY total_ms),
    percentile_cont(ARRAY[0.05, 0.95]) WITHIN GROUP (ORDER BY read),
    percentile_cont(ARRAY[0.05, 0.95]) WITHIN GROUP (ORDER BY written)
FROM answers GROUP BY model, method HAVING count(*) >= %(enough)s
ORDER BY model, max(created_at) DESC
"""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The values between which nine answers of ten lie; no time: unknown.

    Carbon in grams of CO2 equivalent, of use and of manufacture; ``tokens`` of language models.
    """

    method: str
    energy_wh: tuple[float, float]
    gco2e: tuple[float, float]
    tokens: tuple[TokenUsage, TokenUsage]
    time_ms: tuple[float, float] | None = None

    def price_of(self, model: ModelFigures) -> tuple[Decimal, Decimal] | None:
        """Return the price in ``usage.prices.CURRENCY``; None for a model without prices."""
        low, high = (cost_of(model, tokens) for tokens in self.tokens)
        return None if low is None or high is None else (low, high)


def estimates(instance_id: int, models: Iterable[ModelFigures]) -> Mapping[str, Estimate]:
    """Return the estimate for each model, by its id; runs inside ``tenant(instance)``.

    It may be ten minutes old.
    """
    key = f"usage:estimates:2:instance:{instance_id}"
    past: dict[str, Estimate] | None = cache.get(key)
    if past is None:
        past = past_estimates(instance_id)
        cache.set(key, past, _KEPT_S)
    return {model.id: past.get(model.id) or _typical(model) for model in models}


def past_estimates(instance_id: int) -> dict[str, Estimate]:
    """Return the estimates for models with enough past answers, by their id."""
    parameters = {"instance_id": instance_id, "recent": _RECENT, "enough": _ENOUGH}
    with connection.cursor() as cursor:
        cursor.execute(_QUERY, parameters)
        return {
            model: Estimate(
                method, tuple(energy_wh), tuple(gco2e), _tokens(read, written), tuple(time_ms)
            )
            for model, method, energy_wh, gco2e, time_ms, read, written in cursor.fetchall()
        }


def _tokens(read: list[float], written: list[float]) -> tuple[TokenUsage, TokenUsage]:
    return (
        TokenUsage(floor(read[0]), floor(written[0])),
        TokenUsage(ceil(read[1]), ceil(written[1])),
    )


def _typical(model: ModelFigures) -> Estimate:
    if model.is_extractive:
        ends = (_NO_TOKENS, _NO_TOKENS)
        low, high = (local_impact(cpu_seconds=seconds) for seconds in _SEARCH_CPU_S)
    else:
        ends = (_SHORT_ANSWER, _LONG_ANSWER)
        low, high = (llm_impact(model, tokens) for tokens in ends)
    return Estimate(low.method, (low.energy_wh, high.energy_wh), (low.gco2e, high.gco2e), ends)
