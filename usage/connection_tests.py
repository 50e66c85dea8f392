"""Records what connection tests of backends cost, and adds it up for those who run them."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F, Sum

from inference.diagnosis.counted import Spent
from inference.offered_models import ModelFigures
from instances.models import Organisation
from usage.dashboards.periods import Period
from usage.impact import llm_impact, unknown_impact
from usage.models import ConnectionTest, UsageRecord
from usage.prices import CURRENCY, cost_of
from usage.wording import energy

_IMPACT = (
    *("energy_wh", "energy_min_wh", "energy_max_wh", "method", "method_version"),
    *("gco2e_usage", "gco2e_embodied"),
)


def record_connection_test(
    spent: Spent,
    figures: ModelFigures,
    *,
    organisation: Organisation | None,
    outcome: str,
    total_ms: float,
) -> None:
    """Record a test of the model of ``figures``; one that asked nothing leaves no record."""
    if not spent.requests:
        return
    is_known = figures.active_parameters_b or figures.completion_j_per_token is not None
    impact = llm_impact(figures, spent.tokens) if is_known else unknown_impact()
    cost = cost_of(figures, spent.tokens)
    ConnectionTest.objects.create(
        organisation=organisation,
        outcome=outcome,
        model=figures.id,
        backend_id=figures.backend_id,
        backend_name=figures.backend_name,
        requests=spent.requests,
        prompt_tokens=spent.tokens.prompt_tokens,
        completion_tokens=spent.tokens.completion_tokens,
        tokens_estimated=spent.tokens.estimated,
        total_ms=round(total_ms),
        cost=cost,
        currency="" if cost is None else CURRENCY,
        **{name: getattr(impact, name) for name in _IMPACT},
    )


@dataclass(frozen=True, slots=True)
class TestedModel:
    """What the tests of one model took, by one method."""

    model: str
    backend: str
    requests: int
    tokens: int
    energy: str
    method: str


def tested_models(organisation: Organisation | None, period: Period) -> Sequence[TestedModel]:
    """Return the tests of a period by model: of an organisation, or of the whole site."""
    found = ConnectionTest.objects.filter(created_at__date__range=(period.first, period.last))
    if organisation is not None:
        found = found.filter(organisation=organisation)
    rows = (
        found.values("model", "backend_name", "method")
        .annotate(
            n_requests=Sum("requests"),
            n_tokens=Sum(F("prompt_tokens") + F("completion_tokens")),
            wh=Sum("energy_wh"),
        )
        .order_by("-n_requests", "model", "backend_name", "method")
    )
    return [
        TestedModel(
            row["model"],
            row["backend_name"],
            row["n_requests"],
            row["n_tokens"],
            "—" if row["method"] == UsageRecord.Method.UNKNOWN else energy(row["wh"]),
            str(UsageRecord.Method(row["method"]).label),
        )
        for row in rows
    ]
