"""What frugal answers saved in an instance, from its own records; or in several instances.

- An answer given again saves ``avoided_wh``: the energy of the answer that it repeats.
- A first answer that none on demand followed saves the mean energy of the answers, in the same
  period and instance, of the model that would have written it.

- What was done instead is subtracted: the energy of all first answers, also of those that another
  followed. An answer given again took none; its search is that of any answer.

Energy of different methods is not added up, nor subtracted: first answers of another method stand
beside. The savings of several instances are the sums of those of each instance and month, without
those months in which groups are too small (monthly cells).
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db.models import QuerySet, Sum

from instances.models import Instance
from usage.dashboards.labels import model_label
from usage.dashboards.periods import Period
from usage.dashboards.sums import sums_of
from usage.models import DailyUsage, MonthlyCell, UsageRecord

_Outcome, _Step = UsageRecord.Outcome, UsageRecord.Step
_OUTCOMES = (_Outcome.COMPLETE, _Outcome.CACHED)


class _Answers(NamedTuple):
    """What tells answers apart here."""

    outcome: str
    frugal_step: str
    model: str
    other_model: str
    method: str


@dataclass(slots=True)
class _Sums:
    n: int = 0
    energy_wh: float = 0.0
    avoided_wh: float = 0.0

    def add(self, n: int, energy_wh: float, avoided_wh: float) -> None:
        self.n += n
        self.energy_wh += energy_wh
        self.avoided_wh += avoided_wh


@dataclass(frozen=True, slots=True)
class Saving:
    """Answers that replaced others, and the energy that those would have taken.

    ``on_demand``: how many were followed by the answer that they replaced; None of answers given
    again. ``avoided_wh`` is None if no record of the period says what such an answer takes;
    ``n_compared`` is the number of records from which it was computed. ``instead_wh`` is the
    energy of what was done instead, by method. Of several instances, first answers are those that
    no other followed; ``n_compared`` is 0, and models are not named.
    """

    label: str
    other_label: str
    answers: int
    on_demand: int | None
    avoided_wh: float | None
    method: str
    n_compared: int = 0
    instead_wh: Mapping[str, float] = field(default_factory=dict)

    @property
    def subtracted_wh(self) -> float:
        """The energy of what was done instead, by the method of what was avoided."""
        return self.instead_wh.get(self.method, 0.0)

    @property
    def net_wh(self) -> float | None:
        """The energy saved: avoided, without what was done instead."""
        return None if self.avoided_wh is None else self.avoided_wh - self.subtracted_wh

    @property
    def beside(self) -> list[tuple[str, float]]:
        """What was done instead, by other methods: it cannot be subtracted."""
        return [(method, wh) for method, wh in self.instead_wh.items() if method != self.method]


def savings_of(instance: Instance, period: Period) -> list[Saving]:
    """Return the savings of a period: answers given again by model, then first answers.

    Run inside ``tenant(instance)``.
    """
    sums: defaultdict[_Answers, _Sums] = defaultdict(_Sums)
    for part in sums_of(DailyUsage, instance, period):
        answers = part.filter(kind=UsageRecord.Kind.ANSWER, outcome__in=_OUTCOMES)
        for *answer, n, energy_wh, avoided_wh in (
            answers.order_by()
            .values_list(*_Answers._fields)
            .annotate(n=Sum("requests"), energy=Sum("energy_wh"), avoided=Sum("avoided_wh"))
        ):
            sums[_Answers(*answer)].add(n, energy_wh, avoided_wh)
    return [*_given_again(sums), *_first_answers(sums)]


def savings_across(cells: QuerySet[MonthlyCell]) -> list[Saving]:
    """Return the savings of the cells that may be shown: answers given again, and first ones."""
    shown = cells.filter(dimension=MonthlyCell.Dimension.FRUGALITY, is_masked=False)
    sums = shown.exclude(method="").order_by("value", "method").values_list("value", "method")
    found = list(sums.annotate(n=Sum("requests"), avoided=Sum("avoided_wh"), wh=Sum("energy_wh")))
    instead = {method: wh for value, method, _n, _avoided, wh in found if value == _Step.FIRST}
    # Of answers on demand and of others, nothing is saved.
    savings = []
    for value, method, n, avoided_wh, _wh in found:
        if value == _Outcome.CACHED:
            savings.append(Saving("", "", n, None, avoided_wh, method))
        elif value == MonthlyCell.SPARED:
            # What no method of the avoided answers measures stands beside the first of them.
            methods = [one for group, one, *_sums in found if group == value]
            is_first = method == methods[0]
            taken = {
                name: wh
                for name, wh in instead.items()
                if name == method or (is_first and name not in methods)
            }
            savings.append(Saving("", "", n, 0, avoided_wh, method, instead_wh=taken))
    return savings


def _given_again(sums: Mapping[_Answers, _Sums]) -> list[Saving]:
    found: defaultdict[tuple[str, str], _Sums] = defaultdict(_Sums)
    for answers, row in sums.items():
        if answers.outcome == _Outcome.CACHED:
            found[answers.model, answers.method].add(row.n, row.energy_wh, row.avoided_wh)
    return [
        Saving(
            label=model_label(model),
            other_label="",
            answers=row.n,
            on_demand=None,
            avoided_wh=row.avoided_wh,
            method=method,
            n_compared=row.n,
        )
        for (model, method), row in sorted(found.items())
    ]


def _first_answers(sums: Mapping[_Answers, _Sums]) -> list[Saving]:
    first: Counter[tuple[str, str]] = Counter()
    instead: defaultdict[tuple[str, str], defaultdict[str, float]]
    instead = defaultdict(lambda: defaultdict(float))
    on_demand: Counter[tuple[str, str]] = Counter()
    complete: defaultdict[str, defaultdict[str, _Sums]] = defaultdict(lambda: defaultdict(_Sums))
    for answers, row in sums.items():
        if answers.outcome != _Outcome.COMPLETE:
            continue
        complete[answers.model][answers.method].add(row.n, row.energy_wh, row.avoided_wh)
        if answers.frugal_step == _Step.FIRST:
            first[answers.model, answers.other_model] += row.n
            instead[answers.model, answers.other_model][answers.method] += row.energy_wh
        elif answers.frugal_step == _Step.ON_DEMAND:
            on_demand[answers.other_model, answers.model] += row.n
    savings = []
    for (model, other), n in sorted(first.items()):
        # The method of most answers, if several were measured differently.
        method, like = max(
            sorted(complete[other].items()), key=lambda one: one[1].n, default=("", None)
        )
        followed = on_demand[model, other]
        savings.append(
            Saving(
                label=model_label(model),
                other_label=model_label(other),
                answers=n,
                on_demand=followed,
                avoided_wh=max(0, n - followed) * like.energy_wh / like.n if like else None,
                method=method,
                n_compared=like.n if like else 0,
                instead_wh=dict(instead[model, other]),
            )
        )
    return savings
