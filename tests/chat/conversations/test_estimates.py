"""What the composer says that an answer will probably take."""

import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.test import AsyncClient
from django.utils.translation import override

from chat.conversations.estimates import ShownEstimate, shown_estimates
from inference.catalogue import offered_models
from inference.offered_models import ModelFigures
from instances.models import Instance
from instances.tenancy import in_tenant, tenant
from tests.cast import Cast
from tests.inference.factories import BackendFactory, LanguageModelFactory
from tests.scripted_llm import DONE, MODEL, Reply, ScriptedLLM, chunk, usage_chunk
from usage.estimates import estimates
from usage.request_costs import RequestCost, request_costs
from usage.wording import money

LEAVE = "Combien de jours de congé ont les doctorants ?"
# As many answers as an estimate needs.
ENOUGH = 20


def shown(cast: Cast, language: str = "en") -> dict[str, ShownEstimate]:
    cache.clear()
    with tenant(cast.instance), override(language):
        return {one.model_id: one for one in shown_estimates(cast.instance)}


def test_estimate_is_compared_with_the_smallest_model_and_extracts(cast: Cast) -> None:
    LanguageModelFactory(alias="large", label="Large", active_parameters_b=70)
    LanguageModelFactory(alias="middle", label="Middle", active_parameters_b=24)
    LanguageModelFactory(alias="small", label="Small", active_parameters_b=4)
    LanguageModelFactory(alias="unknown", label="Unknown", active_parameters_b=0)
    found = shown(cast)
    names = {key: [name for name, _line in one.compared] for key, one in found.items()}
    extracts = "Extracts, without generative AI"
    assert names == {
        "large": ["Large", "Small", extracts],
        "middle": ["Middle", "Small", extracts],
        "small": ["Small", extracts],
        "unknown": ["Unknown", extracts],
        "extractive": [extracts],
    }
    lines = {name: line for one in found.values() for name, line in one.compared}
    assert lines["Small"] == found["small"].amounts
    assert all("Wh (" in line and "CO₂e" in line for line in lines.values())


@pytest.mark.parametrize("language", ["en", "fr"])
def test_only_a_model_with_prices_is_estimated_in_money(cast: Cast, language: str) -> None:
    LanguageModelFactory(alias="priced", prompt_price=Decimal(1), completion_price=Decimal(2))
    LanguageModelFactory(alias="unpriced", prompt_price=None, completion_price=None)
    found = {name: one.amounts for name, one in shown(cast, language).items()}
    # 1,000 + 60 to 4,000 + 800 tokens.
    low, high = {"en": ("0.0011", "0.0056"), "fr": ("0,0011", "0,0056")}[language]
    between = {"en": "to", "fr": "à"}[language]
    assert found["priced"].endswith(f" · {low} {between} {high}\u00a0€")
    assert "€" not in found["unpriced"] + found["extractive"]


@pytest.mark.usefixtures("closed_connections")
async def test_estimate_agrees_with_what_is_recorded(library, llm, async_client_for):
    """Before answers are known, from typical lengths; then from those answers themselves."""
    model = await sync_to_async(prepared_model)(library, llm)
    client = await sync_to_async(async_client_for)(library.teammate)
    (typical_gco2e, typical_price) = await in_tenant(library.instance, expected, library, model)
    costs = [await answered(library, llm, client) for _ in range(ENOUGH)]
    gco2e, price = await in_tenant(library.instance, expected, library, model)
    recorded = [cost.answer.cost for cost in costs]
    assert recorded == [Decimal("0.0022")] * ENOUGH
    assert price == (recorded[0], recorded[0])
    assert typical_price[0] <= recorded[0] <= typical_price[1]
    assert {cost.answer.method for cost in costs} == {"calibrated"}
    grams = [cost.gco2e for cost in costs]
    assert min(grams) <= gco2e[0] <= gco2e[1] <= max(grams)
    assert typical_gco2e[0] <= min(grams) <= max(grams) <= typical_gco2e[1]
    written = (await sync_to_async(shown)(library))["priced"].amounts
    assert written.endswith(f" · {money(recorded[0], 'EUR')}")


def prepared_model(library: Cast, llm: ScriptedLLM) -> ModelFigures:
    """Return a model with prices and energy per token, in an instance that repeats no answer."""
    Instance.objects.update(reuses_answers=False, model_id="priced")
    LanguageModelFactory(
        backend=BackendFactory(base_url=llm.base_url),
        server_id=MODEL,
        alias="priced",
        prompt_price=Decimal(1),
        completion_price=Decimal(2),
        prompt_j_per_token=0.5,
        completion_j_per_token=5.0,
    )
    library.instance.refresh_from_db()
    with tenant(library.instance):
        models = {model.id: model.figures for model in offered_models(library.instance)}
    return models["priced"]


def expected(library: Cast, model: ModelFigures) -> tuple[Any, Any]:
    """Return the ranges of carbon and price that are shown before a question."""
    cache.clear()
    estimate = estimates(library.instance.pk, [model])[model.id]
    return estimate.gco2e, estimate.price_of(model)


async def answered(library: Cast, llm: ScriptedLLM, client: AsyncClient) -> RequestCost:
    """Ask a question, and return what its records say."""
    usage = usage_chunk(prompt_tokens=2_000, completion_tokens=100)
    llm.script(Reply([chunk("Vingt-cinq jours [1]."), chunk(finish_reason="stop"), usage, DONE]))
    body = json.dumps({"question": LEAVE})
    asked = (await client.post("/i/law/ask/", body, content_type="application/json")).json()
    response = await client.get(asked["events_url"])
    async for _piece in response.streaming_content:
        pass
    answer_id = UUID(asked["answer_id"])
    costs = await in_tenant(library.instance, request_costs, library.instance.pk, [answer_id])
    return costs[answer_id]
