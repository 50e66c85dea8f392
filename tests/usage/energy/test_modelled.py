"""The energy that EcoLogits models, and its share of the servers."""

from random import Random

import pytest
from ecologits.impacts.llm import compute_llm_impacts

from inference.offered_models import ModelFigures
from inference.token_usage import TokenUsage
from usage.energy.modelled import BUSY_BATCH, QUIET_BATCH, TYPICAL_BATCH, modelled_request


@pytest.mark.parametrize("seed", range(5))
def test_result_is_that_of_ecologits(seed: int) -> None:
    """It is computed from the rates of the model, without calling EcoLogits for each request."""
    chance = Random(seed)
    active = chance.uniform(1, 120)
    model = ModelFigures(
        id="m",
        active_parameters_b=active,
        total_parameters_b=active * chance.uniform(1, 5),
        quantisation_bits=chance.choice((4, 8, 16)),
        pue=chance.uniform(1.1, 1.6),
    )
    for _ in range(20):
        tokens = chance.randint(1, 4_000)
        latency_s = chance.choice((None, 0.0, tokens * chance.uniform(0.001, 0.2)))

        def impacts(batch: float, tokens: int = tokens, latency_s: float | None = latency_s):
            return compute_llm_impacts(
                model_active_parameter_count=model.active_parameters_b,
                model_total_parameter_count=model.total_parameters_b,
                model_quantization_bits=model.quantisation_bits,
                output_token_count=tokens,
                request_latency=latency_s,
                batch_size=batch,
                datacenter_pue=model.pue,
                datacenter_wue=0.0,
                if_electricity_mix_adpe=0.0,
                if_electricity_mix_pe=0.0,
                if_electricity_mix_gwp=0.0,
                if_electricity_mix_wue=0.0,
            )

        found = modelled_request(model, TokenUsage(0, tokens), latency_s=latency_s)
        low, middle, high = map(impacts, (BUSY_BATCH, TYPICAL_BATCH, QUIET_BATCH))
        energy = (found.energy.low_wh, found.energy.middle_wh, found.energy.high_wh)
        expected = [1000 * each.energy.value for each in (low, middle, high)]
        assert energy == pytest.approx(expected, rel=1e-6)
        assert found.gco2e_embodied == pytest.approx(1000 * middle.embodied.gwp.value, rel=1e-6)
        adpe = middle.embodied.adpe.value
        assert found.adpe_embodied_kg_sb == pytest.approx(adpe, rel=1e-6, abs=1e-18)
