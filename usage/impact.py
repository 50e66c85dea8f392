"""The footprint of a request: energy, greenhouse gases, water, metals (docs/measurement.md).

    Footprint = carbon intensity (gCO2e/kWh) × energy (kWh, with PUE) + embodied share

The energy of a request to a language model is, in this order: measured, calibrated, modelled. The
embodied share and the metals are modelled in each case. Work of our own machines is ``local``:
their manufacture is unknown, and recorded as 0.
"""

from dataclasses import dataclass

from inference.offered_models import ModelFigures
from inference.token_usage import TokenUsage
from usage.energy.calibrated import calibrated_energy
from usage.energy.electricity import carbon_factor, electricity_mix
from usage.energy.figures import WH_PER_KWH, Energy
from usage.energy.local import local_energy
from usage.energy.measured import measured_energy
from usage.energy.modelled import ModelledRequest, modelled_request
from usage.energy.sound import stated_energy, tokens_of_sound

# As long as the column of ``UsageRecord``.
_MAX_SOURCE_CHARS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """The columns of ``UsageRecord`` about energy and environment, by their names."""

    energy_wh: float
    energy_min_wh: float
    energy_max_wh: float
    prefill_wh: float | None
    decode_wh: float | None
    idle_wh: float | None
    method: str
    method_version: str
    gco2e_usage: float
    gco2e_embodied: float
    carbon_g_per_kwh: float
    carbon_source: str
    water_l: float | None
    adpe_kg_sb: float | None

    @property
    def gco2e(self) -> float:
        """The sum of use and manufacture."""
        return self.gco2e_usage + self.gco2e_embodied


def llm_impact(
    model: ModelFigures, tokens: TokenUsage, *, latency_s: float | None = None
) -> Impact:
    """Return the footprint of a request to a language model; ``latency_s`` is of its answer."""
    modelled = modelled_request(model, tokens, latency_s=latency_s)
    energy = measured_energy(model, tokens) or calibrated_energy(model, tokens) or modelled.energy
    return _server_impact(model, energy, modelled)


def _server_impact(model: ModelFigures, energy: Energy, modelled: ModelledRequest) -> Impact:
    kwh, mix = energy.middle_wh / WH_PER_KWH, electricity_mix()
    return _impact(
        energy,
        model,
        gco2e_embodied=modelled.gco2e_embodied,
        water_l=kwh / model.pue * model.wue + kwh * mix.wue,
        adpe_kg_sb=kwh * mix.adpe + modelled.adpe_embodied_kg_sb,
    )


def reading_impact(model: ModelFigures, tokens: TokenUsage) -> Impact:
    """Return the footprint of a model that only reads, at another server.

    The tokens are read, and none is written. Unknown without J per token and parameters.
    """
    if model.prompt_j_per_token is None and not model.active_parameters_b:
        return unknown_impact()
    return llm_impact(model, tokens)


def transcription_impact(model: ModelFigures, audio_seconds: float) -> Impact:
    """Return the footprint of sound that another server transcribed (``usage.energy.sound``)."""
    stated = stated_energy(model, audio_seconds)
    if stated is None and not model.active_parameters_b:
        return unknown_impact()
    modelled = modelled_request(model, tokens_of_sound(audio_seconds))
    return _server_impact(model, stated or modelled.energy, modelled)


def unknown_impact() -> Impact:
    """Return the footprint of a server of which nothing is known."""
    energy = Energy(low_wh=0.0, middle_wh=0.0, high_wh=0.0, method="unknown", version="")
    return _impact(energy, None, gco2e_embodied=0.0, water_l=None, adpe_kg_sb=None)


def local_impact(*, cpu_seconds: float) -> Impact:
    """Return the footprint of processor time of our own machines."""
    energy = local_energy(cpu_seconds)
    kwh, mix = energy.middle_wh / WH_PER_KWH, electricity_mix()
    return _impact(
        energy, None, gco2e_embodied=0.0, water_l=kwh * mix.wue, adpe_kg_sb=kwh * mix.adpe
    )


def _impact(
    energy: Energy,
    model: ModelFigures | None,
    *,
    gco2e_embodied: float,
    water_l: float | None,
    adpe_kg_sb: float | None,
) -> Impact:
    factor = carbon_factor(model)
    return Impact(
        energy_wh=energy.middle_wh,
        energy_min_wh=energy.low_wh,
        energy_max_wh=energy.high_wh,
        prefill_wh=energy.prefill_wh,
        decode_wh=energy.decode_wh,
        idle_wh=energy.idle_wh,
        method=energy.method,
        method_version=energy.version,
        gco2e_usage=energy.middle_wh / WH_PER_KWH * factor.g_per_kwh,
        gco2e_embodied=gco2e_embodied,
        carbon_g_per_kwh=factor.g_per_kwh,
        carbon_source=factor.source[:_MAX_SOURCE_CHARS],
        water_l=water_l,
        adpe_kg_sb=adpe_kg_sb,
    )
