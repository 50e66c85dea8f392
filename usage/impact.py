"""Energy and carbon of an answer, each figure with the method of its estimate.

    Footprint = carbon intensity (gCO2e/kWh) × PUE × IT energy (kWh) + embodied share

- ``modelled``: EcoLogits (https://ecologits.ai, MPL-2.0) for an LLM. It counts output tokens only
  (its issue 183); an input token is added as ``INPUT_TOKEN_SHARE`` of an output token, a stated
  convention (prefill is computed in parallel), kept in every row's ``method_version``.
- ``local``: our own processor time × watts per core, for answers without an LLM (what is counted:
  ``chat.answers.result.AnswerResult``). Embodied emissions of the operator's machines are unknown,
  and recorded as 0.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version

from django.conf import settings
from ecologits.electricity_mix_repository import ElectricityMix, electricity_mixes
from ecologits.impacts.llm import compute_llm_impacts

INPUT_TOKEN_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Impact:
    """Energy in Wh; greenhouse gases in grams of CO2 equivalent, of use and of manufacture."""

    energy_wh: float
    gco2e_usage: float
    gco2e_embodied: float
    method: str
    method_version: str

    @property
    def gco2e(self) -> float:
        """The sum of use and manufacture."""
        return self.gco2e_usage + self.gco2e_embodied


def modelled_impact(
    *,
    active_parameters_b: float,
    total_parameters_b: float,
    prompt_tokens: int,
    completion_tokens: int,
) -> Impact:
    """Return the impact of one LLM request; parameters in billions."""
    mix = _electricity_mix()
    impacts = compute_llm_impacts(
        model_active_parameter_count=active_parameters_b,
        model_total_parameter_count=total_parameters_b,
        output_token_count=completion_tokens + INPUT_TOKEN_SHARE * prompt_tokens,
        if_electricity_mix_adpe=mix.adpe,
        if_electricity_mix_pe=mix.pe,
        if_electricity_mix_gwp=mix.gwp,
        if_electricity_mix_wue=mix.wue,
        datacenter_pue=settings.LLM_PUE,
        datacenter_wue=settings.LLM_WUE,
    )
    return Impact(
        energy_wh=_middle(impacts.energy.value) * 1000,
        gco2e_usage=_middle(impacts.usage.gwp.value) * 1000,
        gco2e_embodied=_middle(impacts.embodied.gwp.value) * 1000,
        method="modelled",
        method_version=f"EcoLogits {_ecologits_version()}, input token × {INPUT_TOKEN_SHARE}",
    )


def local_impact(*, cpu_seconds: float) -> Impact:
    """Return the impact of our own processor time."""
    energy_wh = cpu_seconds * settings.CPU_WATTS_PER_CORE / 3600
    return Impact(
        energy_wh=energy_wh,
        gco2e_usage=energy_wh * _electricity_mix().gwp,
        gco2e_embodied=0.0,
        method="local",
        method_version=f"{settings.CPU_WATTS_PER_CORE:g} W per core",
    )


@lru_cache
def _ecologits_version() -> str:
    # Reads the metadata of the package.
    return version("ecologits")


@lru_cache
def _electricity_mix() -> ElectricityMix:
    mix = electricity_mixes.find_electricity_mix(settings.ELECTRICITY_ZONE)
    if mix is None:
        raise ValueError(f"ELECTRICITY_ZONE {settings.ELECTRICITY_ZONE!r} is unknown to EcoLogits")
    return mix


def _middle(value: object) -> float:
    """Return the value, or the middle of a range."""
    # EcoLogits gives a number or a RangeValue, untyped.
    low, high = getattr(value, "min", value), getattr(value, "max", value)
    return (float(low) + float(high)) / 2  # type: ignore[arg-type]
