"""What frugal answers saved in an instance, from its own records. Run inside ``tenant(instance)``.

- An answer given again saves ``avoided_wh``: the energy of the answer that it repeats.
- A first answer that none on demand followed saves the mean energy of the answers, in the same
  period and instance, of the model that would have written it.

Energy of different methods is not added up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet, Sum

from instances.models import Instance
from usage.dashboards.labels import model_label
from usage.dashboards.periods import Period
from usage.models import DailyUsage, UsageRecord

_Outcome, _Step = UsageRecord.Outcome, UsageRecord.Step


@dataclass(frozen=True, slots=True)
class Saving:
    """Answers that replaced others, and the energy that those would have taken.

    ``on_demand``: how many were followed by the answer that they replaced; None of answers given
    again. ``avoided_wh`` is None if no record of the period says what such an answer takes;
    ``n_compared`` is the number of records from which it was computed.
    """

    label: str
    other_label: str
    answers: int
    on_demand: int | None
    avoided_wh: float | None
    method: str
    n_compared: int


def savings_of(instance: Instance, period: Period) -> list[Saving]:
    """Return the savings of a period: answers given again by model, then first answers."""
    days = DailyUsage.objects.for_instance(instance).filter(
        day__range=(period.first, period.last), kind=UsageRecord.Kind.ANSWER
    )
    return [*_given_again(days), *_first_answers(days)]


def _given_again(days: QuerySet[DailyUsage]) -> list[Saving]:
    found = _sums(days.filter(outcome=_Outcome.CACHED), "model", "method")
    return [
        Saving(
            label=model_label(row["model"]),
            other_label="",
            answers=row["n"],
            on_demand=None,
            avoided_wh=row["avoided"],
            method=row["method"],
            n_compared=row["n"],
        )
        for row in found
    ]


def _first_answers(days: QuerySet[DailyUsage]) -> list[Saving]:
    complete = days.filter(outcome=_Outcome.COMPLETE)
    first = _sums(complete.filter(frugal_step=_Step.FIRST), "model", "other_model")
    on_demand = {
        (row["other_model"], row["model"]): row["n"]
        for row in _sums(complete.filter(frugal_step=_Step.ON_DEMAND), "model", "other_model")
    }
    # The method of most answers, if several were measured differently.
    compared: dict[str, Mapping[str, Any]] = {}
    for row in _sums(complete, "model", "method"):
        if row["n"] > compared.get(row["model"], {"n": 0})["n"]:
            compared[row["model"]] = row
    savings = []
    for row in first:
        like = compared.get(row["other_model"])
        followed = on_demand.get((row["model"], row["other_model"]), 0)
        spared = max(0, row["n"] - followed)
        savings.append(
            Saving(
                label=model_label(row["model"]),
                other_label=model_label(row["other_model"]),
                answers=row["n"],
                on_demand=followed,
                avoided_wh=spared * like["energy"] / like["n"] if like else None,
                method=like["method"] if like else "",
                n_compared=like["n"] if like else 0,
            )
        )
    return savings


def _sums(days: QuerySet[DailyUsage], *dimensions: str) -> list[dict[str, Any]]:
    grouped = days.order_by(*dimensions).values(*dimensions)
    sums = {"n": Sum("requests"), "energy": Sum("energy_wh"), "avoided": Sum("avoided_wh")}
    return list(grouped.annotate(**sums))
