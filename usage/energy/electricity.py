"""The electricity of a data centre: its carbon factor, and the water and metals behind it.

    greenhouse gases of use = carbon intensity (gCO2e/kWh) × energy (kWh, with PUE)
    water = energy of the computers (kWh) × WUE + energy (kWh, with PUE) × water of the electricity

The carbon factor is that of the backend, else that of the settings ``CARBON_…``, else the
life-cycle factor of EcoLogits for ``ELECTRICITY_ZONE``. Factors of combustion only (RTE's éCO2mix)
must not be entered where others are of the life cycle: the figures would not be comparable.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version

from django.conf import settings
from ecologits.electricity_mix_repository import ElectricityMix, electricity_mixes

from inference.offered_models import ModelFigures


@dataclass(frozen=True, slots=True)
class CarbonFactor:
    """Grams of CO2 equivalent for a kWh, and where the figure is from, with its date."""

    g_per_kwh: float
    source: str


def carbon_factor(model: ModelFigures | None = None) -> CarbonFactor:
    """Return the carbon factor where a model runs; of our own machines without one."""
    if model is not None and model.carbon_gco2e_per_kwh is not None:
        return CarbonFactor(model.carbon_gco2e_per_kwh, model.carbon_source)
    if settings.CARBON_G_PER_KWH is not None:
        dated = [settings.CARBON_SOURCE, str(settings.CARBON_DATE or "")]
        return CarbonFactor(settings.CARBON_G_PER_KWH, ", ".join(filter(None, dated)))
    # A kWh of EcoLogits' mixes is in kg.
    return CarbonFactor(1000 * electricity_mix().gwp, _mix_source(settings.ELECTRICITY_ZONE))


@lru_cache
def electricity_mix() -> ElectricityMix:
    """Return EcoLogits' mix of ``ELECTRICITY_ZONE``: kg CO2e, kg Sb, MJ and litres for a kWh."""
    mix = electricity_mixes.find_electricity_mix(settings.ELECTRICITY_ZONE)
    if mix is None:
        raise ValueError(f"ELECTRICITY_ZONE {settings.ELECTRICITY_ZONE!r} is unknown to EcoLogits")
    return mix


@lru_cache
def _mix_source(zone: str) -> str:
    return f"EcoLogits {version('ecologits')}, {zone}"
