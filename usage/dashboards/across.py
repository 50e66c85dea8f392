"""Dashboards over several instances: an organisation's, and the site's.

They are read from monthly cells, for whole months. Small groups are masked
(``usage.dashboards.masking``).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.utils.translation import gettext as _

from instances.models import Instance, Organisation
from usage.dashboards.figures import READ, Column, Dashboard, Figures, Group
from usage.dashboards.grouping import Row, sort_groups
from usage.dashboards.labels import model_label, subject_label
from usage.dashboards.masking import MIN_PERSONS, masked_groups
from usage.dashboards.periods import Period
from usage.models import MonthlyCell
from usage.occupations import affiliation_label, trade_label
from usage.rollups.buckets import percentile_ms

Dimension = MonthlyCell.Dimension


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a period that may be shown, and where others were masked."""

    # A row of all methods (``method`` is ""), and one for each method and currency.
    shown: list[Row]
    masked: set[tuple[date, str, str]]

    def of(self, dimension: str) -> list[Row]:
        """The rows of one dimension."""
        return [row for row in self.shown if row["dimension"] == dimension]

    def months_masked(self, dimension: str, value: str) -> int:
        """In how many months a value was masked."""
        return sum((name, one) == (dimension, value) for _month, name, one in self.masked)

    def masked_values(self, dimension: str) -> set[str]:
        """The values that were masked in some month."""
        return {value for _month, name, value in self.masked if name == dimension}


def dashboard_across(organisation: Organisation | None, period: Period) -> Dashboard:
    """The figures of all instances of the organisation; of the whole site if it is None."""
    member = Dimension.ORGANISATION if organisation is None else Dimension.INSTANCE
    occupations = [Dimension.AFFILIATION, Dimension.TRADE]
    measured = [Dimension.ALL, Dimension.MODEL, Dimension.SUBJECT, member, *occupations]
    counted = [Dimension.DURATION, *([Dimension.DAY] if period.is_drawn_by_day else [])]
    needed = Q(dimension__in=measured) | Q(dimension__in=counted, method="")
    cells = read_cells(organisation, period, needed, READ)
    whole = cells.of(Dimension.ALL)
    durations: Counter[int] = Counter()
    for row in cells.of(Dimension.DURATION):
        durations[int(row["value"])] += row["questions"]
    return Dashboard(
        period=period,
        total=_figures(whole),
        columns=_columns(cells, period),
        models=_groups(cells, Dimension.MODEL, model_label),
        subjects=_groups(cells, Dimension.SUBJECT, subject_label),
        members=_groups(cells, member, _names(cells, member)),
        affiliations=_released(_groups(cells, Dimension.AFFILIATION, affiliation_label)),
        trades=_released(_groups(cells, Dimension.TRADE, trade_label)),
        persons=max((row["persons"] for row in whole), default=None),
        median_ms=percentile_ms(durations, 0.5),
        p95_ms=percentile_ms(durations, 0.95),
        months_masked=cells.months_masked(Dimension.ALL, ""),
    )


def read_cells(
    organisation: Organisation | None, period: Period, needed: Q, columns: Sequence[str]
) -> Cells:
    """The ``needed`` cells of the months of the period, without those of small groups.

    The row of all methods of a cell, which has the number of persons, has to be needed.
    """
    months = period.in_whole_months()
    rows = list(
        MonthlyCell.objects.of(organisation.pk if organisation else None)
        .filter(needed, month__range=(months.first, months.last))
        .order_by("month", "dimension", "value", "method", "currency")
        .values("month", "dimension", "value", "method", "currency", "persons", *columns)
    )
    masked = _masked(rows)
    shown = [row for row in rows if (row["month"], row["dimension"], row["value"]) not in masked]
    return Cells(shown, masked)


def _masked(rows: Iterable[Row]) -> set[tuple[date, str, str]]:
    """The month, dimension and value of each cell to mask."""
    persons: dict[tuple[date, str], dict[str, int]] = defaultdict(dict)
    for row in rows:
        if not row["method"]:
            persons[row["month"], row["dimension"]][row["value"]] = row["persons"]
    masked = set()
    for (month, dimension), numbers in persons.items():
        if dimension == Dimension.DURATION:
            # Parts of one distribution, not groups of persons: shown with the whole.
            whole = persons.get((month, Dimension.ALL), {}).get("", 0)
            hidden = set(numbers) if whole < MIN_PERSONS else set()
        else:
            hidden = masked_groups(numbers)
        masked |= {(month, dimension, value) for value in hidden}
    return masked


def _figures(rows: Iterable[Row]) -> Figures:
    figures = Figures()
    for row in rows:
        # The row of all methods has the counts, the others what depends on the method.
        (figures.measure if row["method"] else figures.count)(row)
    return figures


def _columns(cells: Cells, period: Period) -> list[Column]:
    """The chart over time; a masked column has no figures."""
    by_step: dict[date, list[Row]] = defaultdict(list)
    if period.is_drawn_by_day:
        for row in cells.of(Dimension.DAY):
            by_step[date.fromisoformat(row["value"])].append(row)
        masked = {date.fromisoformat(day) for day in cells.masked_values(Dimension.DAY)}
    else:
        for row in cells.of(Dimension.ALL):
            by_step[row["month"]].append(row)
        masked = {month for month, dimension, _value in cells.masked if dimension == Dimension.ALL}
    return [
        Column(step, None if step in masked else _figures(by_step[step])) for step in period.steps()
    ]


def _groups(cells: Cells, dimension: str, label: Callable[[str], str]) -> list[Group]:
    rows: dict[str, list[Row]] = {value: [] for value in cells.masked_values(dimension)}
    for row in cells.of(dimension):
        rows.setdefault(row["value"], []).append(row)
    return sort_groups(
        Group(
            value=value,
            label=label(value),
            figures=_figures(found),
            persons=max((row["persons"] for row in found), default=None),
            months_masked=cells.months_masked(dimension, value),
        )
        for value, found in rows.items()
    )


def _released(groups: list[Group]) -> list[Group]:
    """Return the groups, none if no institution releases what they are made by."""
    return groups if any(group.value for group in groups) else []


def _names(cells: Cells, dimension: str) -> Callable[[str], str]:
    """The name of each instance or organisation of the cells, by its primary key as text."""
    values = {row["value"] for row in cells.of(dimension)} | cells.masked_values(dimension)
    model = Instance if dimension == Dimension.INSTANCE else Organisation
    found = model.objects.filter(pk__in=values).values_list("pk", "name")
    names = {str(pk): name for pk, name in found}
    return lambda value: names.get(value, _("Deleted (no. %s)") % value)
