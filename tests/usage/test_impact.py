"""Energy, carbon and water of a request, by each method."""

from decimal import Decimal
from typing import Any, cast

import pytest
from ecologits.impacts.llm import compute_llm_impacts

from inference.offered_models import ModelFigures
from inference.token_usage import TokenUsage
from usage.energy import measured
from usage.impact import llm_impact, local_impact, reading_impact, transcription_impact
from usage.prices import cost_of


def model(**figures: Any) -> ModelFigures:
    """A dense model of eight billion parameters, in a French data centre."""
    sizes = {"active_parameters_b": 8.0, "total_parameters_b": 8.0, "pue": 1.3}
    return ModelFigures(id="m", server_id="m", **sizes | figures)


def tokens(prompt: int = 0, completion: int = 400, **more: Any) -> TokenUsage:
    return TokenUsage(prompt, completion, **more)


def test_modelled_range_is_that_of_a_busy_and_a_quiet_server() -> None:
    """Figures of EcoLogits 0.11.3 for 400 tokens at batch 64 and 8."""
    impact = llm_impact(model(), tokens())
    assert impact.energy_min_wh == pytest.approx(0.039, abs=0.001)
    assert impact.energy_max_wh == pytest.approx(0.100, abs=0.001)
    assert impact.energy_min_wh < impact.energy_wh < impact.energy_max_wh
    assert impact.decode_wh == impact.energy_wh
    assert impact.method == "modelled"
    # France: embodied is about two thirds of the carbon.
    assert 0.5 < impact.gco2e_embodied / impact.gco2e < 0.9
    assert impact.carbon_g_per_kwh == pytest.approx(41.44)
    assert impact.carbon_source.startswith("EcoLogits 0.11.3, FRA")
    assert impact.water_l == pytest.approx(impact.energy_wh / 1000 * 3.6737)
    assert impact.adpe_kg_sb is not None


@pytest.mark.parametrize(
    ("usage", "latency_s", "times"),
    [
        (tokens(prompt=4000), None, 2.0),
        (tokens(prompt=4000, cached_tokens=4000), None, 1.0),
        # EcoLogits estimates about 15 s.
        (tokens(), 1000.0, 1.0),
        (tokens(completion=0), None, 0.0),
    ],
    ids=["prompt", "cached", "slow", "nothing"],
)
def test_modelled_tokens_and_latency(
    usage: TokenUsage, latency_s: float | None, times: float
) -> None:
    impact = llm_impact(model(), usage, latency_s=latency_s)
    assert impact.energy_wh == pytest.approx(times * llm_impact(model(), tokens()).energy_wh)


def test_fast_answer_takes_less_of_the_server() -> None:
    fast = llm_impact(model(), tokens(), latency_s=1.0)
    usual = llm_impact(model(), tokens())
    assert 0 < fast.energy_wh < usual.energy_wh
    assert 0 < fast.gco2e_embodied < usual.gco2e_embodied


@pytest.mark.parametrize("latency_s", [0.2, 1.0, 1000.0])
@pytest.mark.parametrize("size", [1.0, 70.0])
def test_modelled_energy_is_what_ecologits_computes(size: float, latency_s: float) -> None:
    figures = model(active_parameters_b=size, total_parameters_b=2 * size)
    impact = llm_impact(figures, tokens(completion=64), latency_s=latency_s)
    ends = [
        compute_llm_impacts(
            model_active_parameter_count=size,
            model_total_parameter_count=2 * size,
            output_token_count=64.0,
            request_latency=latency_s,
            batch_size=batch,
            datacenter_pue=1.3,
            datacenter_wue=0.0,
            if_electricity_mix_adpe=0.0,
            if_electricity_mix_pe=0.0,
            if_electricity_mix_gwp=0.0,
            if_electricity_mix_wue=0.0,
        )
        for batch in (64, 8)
    ]
    expected = [1000 * cast(float, one.energy.value) for one in ends]
    assert [impact.energy_min_wh, impact.energy_max_wh] == pytest.approx(expected)
    low, high = (1000 * cast(float, one.embodied.gwp.value) for one in ends)
    assert low < impact.gco2e_embodied < high


def test_calibrated_energy_replaces_the_modelled() -> None:
    calibrated = model(prompt_j_per_token=0.02, completion_j_per_token=0.5, wue=1.8)
    impact = llm_impact(calibrated, tokens(prompt=1000, cached_tokens=500))
    assert impact.energy_wh == pytest.approx(1.3 * (0.02 * 500 + 0.5 * 400) / 3600)
    assert (impact.method, impact.energy_min_wh) == ("calibrated", impact.energy_wh)
    assert impact.gco2e_embodied > 0
    assert impact.water_l == pytest.approx(impact.energy_wh / 1000 * (1.8 / 1.3 + 3.6737))


def test_carbon_factor_of_the_backend_precedes_that_of_the_settings(settings: Any) -> None:
    settings.CARBON_G_PER_KWH, settings.CARBON_SOURCE = 21.7, "RTE 2024"
    settings.CARBON_DATE = None
    assert local_impact(cpu_seconds=3600).gco2e == pytest.approx(
        settings.CPU_WATTS_PER_CORE * 21.7 / 1000
    )
    assert llm_impact(model(), tokens()).carbon_source == "RTE 2024"
    own = llm_impact(model(carbon_gco2e_per_kwh=300.0, carbon_source="own"), tokens())
    assert (own.carbon_g_per_kwh, own.carbon_source) == (300.0, "own")
    assert own.gco2e_usage == pytest.approx(own.energy_wh / 1000 * 300)


@pytest.mark.django_db
def test_measured_energy_comes_from_polled_counters(settings: Any) -> None:
    """Idle at first, then 30 windows under changing load; 100 W idle, 0.1 J and 1 J a token."""
    settings.LLM_METRICS_URLS = settings.LLM_ENERGY_URLS = ["http://counters"]
    with pytest.MonkeyPatch.context() as patch:
        clock = Counters()
        patch.setattr(measured, "_texts", clock.texts)
        patch.setattr(measured.time, "time", lambda: clock.at_s)
        assert llm_impact(model(is_metered=True), tokens()).method == "modelled"
        for number in range(32):
            clock.step(prompt=300 * (number % 7), written=40 * (number % 5))
            measured.poll()
    # Another backend may call its model by the same name.
    assert llm_impact(model(), tokens()).method == "modelled"
    impact = llm_impact(model(is_metered=True), tokens(prompt=1000, completion=100))
    assert impact.method == "measured"
    assert impact.prefill_wh == pytest.approx(1.3 * 100 / 3600, rel=0.01)
    assert impact.decode_wh == pytest.approx(1.3 * 100 / 3600, rel=0.01)
    assert impact.idle_wh is not None
    assert impact.energy_wh == pytest.approx(impact.prefill_wh + impact.decode_wh + impact.idle_wh)


class Counters:
    """Counters of a server that grow by known amounts."""

    def __init__(self) -> None:
        self.at_s, self.mj, self.prompt, self.written = 0.0, 0.0, 0, 0

    def step(self, *, prompt: int, written: int) -> None:
        self.at_s += 15
        self.prompt += prompt
        self.written += written
        self.mj += 1000 * (15 * 100 + 0.1 * prompt + written)

    def texts(self, _urls: list[str]) -> list[str]:
        return [
            f'vllm:prompt_tokens_total{{model_name="m"}} {self.prompt}\n'
            f'vllm:generation_tokens_total{{model_name="m"}} {self.written}\n'
            f"DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION {self.mj}\n"
        ]


@pytest.mark.parametrize(
    ("prices", "cost"),
    [
        ({}, None),
        ({"prompt_price": Decimal("0.2"), "completion_price": Decimal("0.6")}, "0.0008"),
        ({"completion_price": Decimal("0.6")}, "0.0006"),
    ],
    ids=["none", "both", "written"],
)
def test_cost_is_that_of_a_million_tokens(prices: dict[str, Decimal], cost: str | None) -> None:
    found = cost_of(model(**prices), tokens(prompt=1000, completion=1000))
    assert found == (None if cost is None else Decimal(cost))


def other(**figures: Any) -> ModelFigures:
    """A model of a server that embeds, reranks or transcribes."""
    return ModelFigures(id="e", pue=1.5, **figures)


@pytest.mark.parametrize(
    ("figures", "method"),
    [
        ({"prompt_j_per_token": 0.5, "completion_j_per_token": 0.0}, "calibrated"),
        ({"active_parameters_b": 0.5, "total_parameters_b": 0.5}, "modelled"),
        ({}, "unknown"),
    ],
    ids=["energy", "parameters", "nothing"],
)
def test_reading_at_another_server_is_attributed_by_what_is_stated(
    figures: dict[str, float], method: str
) -> None:
    impact = reading_impact(other(**figures), TokenUsage(1000, 0))
    assert impact.method == method
    if method == "calibrated":
        assert impact.energy_wh == pytest.approx(1.5 * 0.5 * 1000 / 3600)
    elif method == "modelled":
        written = llm_impact(other(**figures), TokenUsage(0, 100))
        assert impact.energy_wh == pytest.approx(written.energy_wh)
        assert impact.gco2e_embodied > 0
    else:
        assert (impact.energy_wh, impact.water_l, impact.adpe_kg_sb) == (0, None, None)


@pytest.mark.parametrize(
    ("figures", "method"),
    [
        ({"audio_j_per_second": 6.0}, "calibrated"),
        ({"active_parameters_b": 1.5, "total_parameters_b": 1.5}, "modelled"),
        ({}, "unknown"),
    ],
    ids=["energy", "parameters", "nothing"],
)
def test_sound_at_another_server_is_attributed_by_what_is_stated(
    figures: dict[str, float], method: str
) -> None:
    impact = transcription_impact(other(**figures), 60.0)
    assert impact.method == method
    if method == "calibrated":
        assert impact.energy_wh == pytest.approx(1.5 * 6.0 * 60 / 3600)
    elif method == "modelled":
        as_text = llm_impact(other(**figures), TokenUsage(3000, 180))
        assert impact.energy_wh == pytest.approx(as_text.energy_wh)
    else:
        assert impact.energy_wh == 0
