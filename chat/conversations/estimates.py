"""What an answer will probably take, as the composer shows it before the question is sent."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inference.catalogue import offered_models
from instances.models import Instance
from usage.estimates import Estimate, estimates
from usage.models import UsageRecord
from usage.wording import energy_range, seconds_range

# How the energy is determined; figures of different methods are not comparable.
_METHODS = {
    UsageRecord.Method.MEASURED: gettext_lazy("measured"),
    UsageRecord.Method.CALIBRATED: gettext_lazy("calibrated"),
    UsageRecord.Method.MODELLED: gettext_lazy("modelled"),
    UsageRecord.Method.LOCAL: gettext_lazy("processor"),
}


@dataclass(frozen=True, slots=True)
class ShownEstimate:
    """What an answer of a model will probably take, in a sentence."""

    model_id: str
    text: str


def shown_estimates(instance: Instance) -> list[ShownEstimate]:
    """Return what an answer of each model will probably take; for an LLM, also extracts."""
    models = [model.figures for model in offered_models(instance)]
    found = estimates(instance.pk, models)
    frugal = models[0]
    shown = []
    for model in models:
        text = _("Estimate: %(amounts)s") % {"amounts": _amounts(found[model.id])}
        if model is not frugal:
            text = _("%(estimate)s; extracts: %(amounts)s") % {
                "estimate": text,
                "amounts": _amounts(found[frugal.id]),
            }
        shown.append(ShownEstimate(model.id, text))
    return shown


def _amounts(estimate: Estimate) -> str:
    energy = _("%(energy)s (%(method)s)") % {
        "energy": energy_range(*estimate.energy_wh),
        "method": _METHODS[UsageRecord.Method(estimate.method)],
    }
    return f"{seconds_range(*estimate.time_ms)}, {energy}" if estimate.time_ms else energy
