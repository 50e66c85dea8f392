"""What an answer will probably take, as the composer shows it before the question is sent."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inference.catalogue import offered_models
from inference.offered_models import OfferedModel
from instances.models import Instance
from usage.estimates import Estimate, estimates
from usage.models import UsageRecord
from usage.prices import CURRENCY
from usage.wording import carbon_range, energy_range, money_range, seconds_range

# How the energy is determined; figures of different methods are not comparable.
_METHODS = {
    UsageRecord.Method.MEASURED: gettext_lazy("measured"),
    UsageRecord.Method.CALIBRATED: gettext_lazy("calibrated"),
    UsageRecord.Method.MODELLED: gettext_lazy("modelled"),
    UsageRecord.Method.LOCAL: gettext_lazy("processor"),
}


@dataclass(frozen=True, slots=True)
class ShownEstimate:
    """What an answer of a model will probably take: a line, and the models to compare it with.

    ``compared`` are pairs of a model's name and its line, the model itself first.
    """

    model_id: str
    amounts: str
    compared: tuple[tuple[str, str], ...]


def shown_estimates(instance: Instance) -> list[ShownEstimate]:
    """Return what an answer of each model will probably take.

    An LLM is compared with the smallest one, if that is smaller, and with extracts.
    """
    models = offered_models(instance)
    found = estimates(instance.pk, [model.figures for model in models])
    lines = {model.id: _amounts(model, found[model.id]) for model in models}
    frugal, smallest = models[0], _smallest(models)
    shown = []
    for model in models:
        compared = [model]
        if smallest is not None and _size(model) > _size(smallest):
            compared.append(smallest)
        if model is not frugal:
            compared.append(frugal)
        pairs = tuple((str(each.label), lines[each.id]) for each in compared)
        shown.append(ShownEstimate(model.id, lines[model.id], pairs))
    return shown


def _smallest(models: Sequence[OfferedModel]) -> OfferedModel | None:
    """Return the language model with the fewest active parameters, of those that are known."""
    return min((model for model in models if _size(model)), key=_size, default=None)


def _size(model: OfferedModel) -> float:
    """Return the active parameters in billions, 0 for extracts and where they are not known."""
    return 0.0 if model.is_extractive else model.figures.active_parameters_b


def _amounts(model: OfferedModel, estimate: Estimate) -> str:
    energy = _("%(energy)s (%(method)s)") % {
        "energy": energy_range(*estimate.energy_wh),
        "method": _METHODS[UsageRecord.Method(estimate.method)],
    }
    parts = [energy, carbon_range(*estimate.gco2e)]
    if estimate.time_ms:
        parts.insert(0, seconds_range(*estimate.time_ms))
    if price := estimate.price_of(model.figures):
        parts.append(money_range(*price, CURRENCY))
    return " · ".join(parts)
