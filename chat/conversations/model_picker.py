"""The lines of the model picker: what a model is, where it runs, what it takes, why not.

Models are compared by ``usage.estimates.TYPICAL_ANSWER``, all by modelled energy: figures of
different methods are never ranked together. The classes are rules of ours, stated in
docs/backends.md.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inference.catalogue import Refusal, model_choices
from inference.health import health_of
from inference.models.languages import language_names
from inference.offered_models import ModelFigures, OfferedModel
from inference.queueing.fair_queue import BackendQueue
from inference.queueing.job_servers import job_servers
from inference.queueing.loads import Load, loads_of
from inference.routing import queue_of
from instances.models import Instance
from usage.energy.modelled import modelled_request
from usage.estimates import TYPICAL_ANSWER
from usage.prices import cost_of
from usage.wording import count, wait

# Upper bounds in Wh, and in euros; beyond the last comes the last class.
_ENERGY_CLASSES = (("A", 0.05), ("B", 0.2), ("C", 1.0), ("D", 3.0))
_PRICE_CLASSES = (("€", Decimal("0.001")), ("€€", Decimal("0.01")))

_REASONS: Mapping[Refusal, Promise] = {
    Refusal.SENSITIVITY: gettext_lazy(
        "Not offered here: its server may not receive documents as sensitive as these."
    ),
    Refusal.ORGANISATION: gettext_lazy("Not offered here: your organisation has not allowed it."),
    Refusal.INSTANCE: gettext_lazy("Not offered here: the administrators have not allowed it."),
}


@dataclass(frozen=True, slots=True)
class PickerLine:
    """A model as the picker shows it; ``reason`` says why it cannot be chosen, "" if it can.

    ``energy_wh`` is None for extracts; an unknown place or price class is "".
    """

    model: OfferedModel
    reason: str
    place: str
    energy_class: str
    energy_wh: float | None
    price_class: str
    is_unreachable: bool
    # The expected wait for an answer; "" if it is not known, and for extracts.
    load: str
    # Names, in the language of the reader; "" if they are not stated.
    languages: str


def picker_lines(instance: Instance) -> list[PickerLine]:
    """Return the models of an instance: those that may answer, then the others."""
    lines = []
    choices = model_choices(instance)
    queues = {queue_of(each) for choice in choices for each in choice.model.connections}
    loads = loads_of(queues)
    for choice in choices:
        model = choice.model
        energy_wh = None
        if not model.is_extractive:
            energy_wh = modelled_request(model.figures, TYPICAL_ANSWER).energy.middle_wh
        lines.append(
            PickerLine(
                model=model,
                reason=str(_REASONS[choice.refusal]) if choice.refusal else "",
                place=_place(model),
                energy_class=_energy_class(energy_wh or 0.0),
                energy_wh=energy_wh,
                price_class=_price_class(model.figures),
                is_unreachable=_is_unreachable(model),
                load=_load(model, loads),
                languages=", ".join(language_names(model.languages)),
            )
        )
    return sorted(lines, key=lambda line: bool(line.reason))


def _place(model: OfferedModel) -> str:
    if model.is_extractive or (model.is_on_this_machine and not model.site):
        return _("on this server")
    return ", ".join(filter(None, (model.site, model.serving_organisation)))


def _is_unreachable(model: OfferedModel) -> bool:
    """Whether every backend of the model has failed, so that extracts would answer."""
    states = (health_of(connection) for _figures, connection in model.connections)
    return not model.is_extractive and all(state.is_open for state in states)


def _load(model: OfferedModel, loads: Mapping[BackendQueue, Load]) -> str:
    """Return what a question would have to wait at the backend that is free first."""
    queues = [queue for queue in map(queue_of, model.connections) if queue in loads]
    known = [loads[queue] for queue in queues]
    if not known:
        return ""
    if any(load.wait_s == 0 for load in known):
        return _("No wait at the moment.")
    if all(queue.jobs_of is not None for queue in queues) and (start := _start(queues)):
        return start
    waits = [load.wait_s for load in known if load.wait_s is not None]
    if waits:
        return _("Expected wait: up to %(wait)s.") % {"wait": wait(min(waits))}
    n = min(load.n_waiting for load in known)
    if n == 0:
        return _("Busy, with no other question waiting.")
    told = ngettext("Busy: %(n)s question waits.", "Busy: %(n)s questions wait.", n)
    return told % {"n": count(n)}


def _start(queues: Sequence[BackendQueue]) -> str:
    """Return when the first server of backends that jobs serve answers; "" if one does already."""
    backends = [job_servers(queue.jobs_of) for queue in queues if queue.jobs_of is not None]
    if any(jobs.servers for jobs in backends):
        return ""
    waits = {jobs: jobs.starts_in_s for jobs in backends if jobs.starts_in_s is not None}
    if not waits:
        return ""
    soonest = min(waits, key=lambda jobs: waits[jobs])
    minutes = math.ceil(waits[soonest] / 60)
    if soonest.is_starting:
        text = ngettext("Starting, about %(n)s minute.", "Starting, about %(n)s minutes.", minutes)
    else:
        text = ngettext(
            "Not running: a question starts it, about %(n)s minute.",
            "Not running: a question starts it, about %(n)s minutes.",
            minutes,
        )
    return text % {"n": count(minutes)}


def _energy_class(energy_wh: float) -> str:
    return next((name for name, bound in _ENERGY_CLASSES if energy_wh < bound), "E")


def _price_class(figures: ModelFigures) -> str:
    euros = cost_of(figures, TYPICAL_ANSWER)
    if euros is None:
        return ""
    if not euros:
        return _("free of charge")
    return next((name for name, bound in _PRICE_CLASSES if euros < bound), "€€€")
