"""Energy and hardware of a request by EcoLogits (https://ecologits.ai, MPL-2.0).

EcoLogits models a server of eight NVIDIA H100 from the number of parameters of the model. Its
results depend on two arguments that we do not know for one request, so we compute a range:

- *batch*, the number of requests that the server handles together: ``BUSY_BATCH`` (EcoLogits' own
  default) gives the low end, ``QUIET_BATCH`` the high end, their geometric mean the middle;
- *latency*: the time of the generation as measured, where it is shorter than EcoLogits' estimate.

It counts output tokens only (its issue 183). An input token that is not cached is added as
``INPUT_TOKEN_SHARE`` of an output token, by convention: it needs as many operations, but all of a
prompt are computed together (docs/measurement.md).
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from math import sqrt
from typing import cast

from ecologits.impacts.llm import MODEL_QUANTIZATION_BITS, compute_llm_impacts

from inference.offered_models import ModelFigures
from inference.token_usage import TokenUsage
from usage.energy.figures import WH_PER_KWH, Energy, tokens_read

INPUT_TOKEN_SHARE = 0.1
BUSY_BATCH, QUIET_BATCH = 64, 8
TYPICAL_BATCH = sqrt(BUSY_BATCH * QUIET_BATCH)
# Shorter than EcoLogits' estimate for a token of any model (0.019 s).
_INSTANT_S = 0.001


@dataclass(frozen=True, slots=True)
class ModelledRequest:
    """Energy of a request, and its share of the manufacture of the server (typical batch).

    In grams of CO2 equivalent, and in kg of antimony equivalent (abiotic depletion of elements).
    """

    energy: Energy
    gco2e_embodied: float
    adpe_embodied_kg_sb: float


@dataclass(frozen=True, slots=True)
class _Share:
    """Energy in Wh and share of manufacture for some output tokens at one batch size."""

    wh: float
    gco2e: float
    adpe_kg_sb: float

    def __add__(self, other: "_Share") -> "_Share":
        return _Share(
            self.wh + other.wh, self.gco2e + other.gco2e, self.adpe_kg_sb + other.adpe_kg_sb
        )

    def __mul__(self, tokens: float) -> "_Share":
        return _Share(self.wh * tokens, self.gco2e * tokens, self.adpe_kg_sb * tokens)


def modelled_request(
    model: ModelFigures, tokens: TokenUsage, *, latency_s: float | None = None
) -> ModelledRequest:
    """Return the energy and the hardware of one request; ``latency_s`` is that of the answer."""
    sizes = _Sizes.of(model)
    read = INPUT_TOKEN_SHARE * tokens_read(tokens)
    low, middle, high = (
        (
            _per_token(sizes, batch) * read,
            _decode(sizes, batch, tokens.completion_tokens, latency_s),
        )
        for batch in (BUSY_BATCH, TYPICAL_BATCH, QUIET_BATCH)
    )
    total = middle[0] + middle[1]
    energy = Energy(
        low_wh=low[0].wh + low[1].wh,
        middle_wh=total.wh,
        high_wh=high[0].wh + high[1].wh,
        prefill_wh=middle[0].wh,
        decode_wh=middle[1].wh,
        method="modelled",
        version=modelled_version(),
    )
    return ModelledRequest(energy, total.gco2e, total.adpe_kg_sb)


@lru_cache
def modelled_version() -> str:
    """Return the version of EcoLogits and our conventions, for the usage record."""
    batches = f"batch {QUIET_BATCH}-{BUSY_BATCH}"
    return f"EcoLogits {version('ecologits')}, {batches}, input token × {INPUT_TOKEN_SHARE}"


@dataclass(frozen=True, slots=True)
class _Sizes:
    """What EcoLogits must know of a model and its data centre."""

    active_parameters_b: float
    total_parameters_b: float
    quantisation_bits: int
    pue: float

    @classmethod
    def of(cls, model: ModelFigures) -> "_Sizes":
        return cls(
            model.active_parameters_b,
            model.total_parameters_b,
            model.quantisation_bits or MODEL_QUANTIZATION_BITS,
            model.pue,
        )


@lru_cache(maxsize=256)
def _per_token(sizes: _Sizes, batch: float) -> _Share:
    return _compute(sizes, batch, 1.0, None)


@lru_cache(maxsize=256)
def _measured_parts(sizes: _Sizes, batch: float) -> tuple[_Share, _Share]:
    """Return the share of a token in no time, and that of a second of the server.

    EcoLogits adds them up; it takes longer than all else that is computed for an answer.
    """
    token = _compute(sizes, batch, 1.0, 0.0)
    return token, (_compute(sizes, batch, 1.0, _INSTANT_S) + token * -1.0) * (1 / _INSTANT_S)


def _decode(sizes: _Sizes, batch: float, tokens: int, latency_s: float | None) -> _Share:
    estimated = _per_token(sizes, batch) * tokens
    if latency_s is None:
        return estimated
    token, second = _measured_parts(sizes, batch)
    measured = token * tokens + second * latency_s
    # The estimated time is shorter where its energy is.
    return min(estimated, measured, key=lambda share: share.wh)


def _compute(sizes: _Sizes, batch: float, tokens: float, latency_s: float | None) -> _Share:
    if not sizes.total_parameters_b:
        # A server of which only the energy per token is stated: its hardware is not known.
        return _Share(0.0, 0.0, 0.0)
    impacts = compute_llm_impacts(
        model_active_parameter_count=sizes.active_parameters_b,
        model_total_parameter_count=sizes.total_parameters_b,
        model_quantization_bits=sizes.quantisation_bits,
        output_token_count=tokens,
        request_latency=latency_s,
        batch_size=batch,
        datacenter_pue=sizes.pue,
        # Electricity and water are added by ``usage.impact``.
        datacenter_wue=0.0,
        if_electricity_mix_adpe=0.0,
        if_electricity_mix_pe=0.0,
        if_electricity_mix_gwp=0.0,
        if_electricity_mix_wue=0.0,
    )
    # Numbers, as the numbers of parameters are no ranges.
    return _Share(
        wh=WH_PER_KWH * cast(float, impacts.energy.value),
        gco2e=1000 * cast(float, impacts.embodied.gwp.value),
        adpe_kg_sb=cast(float, impacts.embodied.adpe.value),
    )
