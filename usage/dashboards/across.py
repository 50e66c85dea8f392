"""Dashboards over several instances: an organisation's, and the site's.

They are read from monthly cells, for whole months. Small groups are masked
(``usage.rollups.masking``).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Max, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from instances.models import Instance, Organisation
from usage.dashboards.figures import COUNTS, READ, Column, Dashboard, Figures, Group
from usage.dashboards.grouping import Row, read_sums, sort_groups
from usage.dashboards.labels import model_label, subject_label
from usage.dashboards.periods import Period
from usage.dashboards.savings import savings_across
from usage.models import MonthlyCell
from usage.rollups.buckets import percentile_ms

Dimension = MonthlyCell.Dimension

_MEASURED = [Dimension.ALL, Dimension.MODEL, Dimension.BACKEND, Dimension.SUBJECT]

_COLUMN = ("method", "is_masked", *COUNTS)


@dataclass(frozen=True, slots=True)
class Cells:
    """Sums of a period over the cells that may be shown, and how many others are masked."""

    # By dimension and value: a row of all methods (``method`` is ""), and one for each method and
    # currency.
    rows: dict[str, dict[str, list[Row]]]
    # By dimension and value: in how many months it was masked.
    months_masked: dict[str, Counter[str]]

    def whole(self) -> list[Row]:
        """The rows of everything."""
        return self.rows[Dimension.ALL].get("", [])

    def values(self, dimension: str) -> list[str]:
        """The values of a dimension, shown or masked."""
        return [*dict.fromkeys((*self.months_masked[dimension], *self.rows[dimension]))]


def dashboard_across(organisation: Organisation | None, period: Period) -> Dashboard:
    """The figures of all instances of the organisation; of the whole site if it is None."""
    member = Dimension.ORGANISATION if organisation is None else Dimension.INSTANCE
    found = cells_of(organisation, period)
    cells = sum_cells(found, [*_MEASURED, member])
    whole = cells.whole()
    durations = {
        int(value): row["questions"]
        for value, rows in cells.rows[Dimension.DURATION].items()
        for row in rows
    }
    return Dashboard(
        period=period,
        total=_figures(whole),
        columns=_columns(found, period),
        models=groups_of(cells, Dimension.MODEL, model_label),
        subjects=groups_of(cells, Dimension.SUBJECT, subject_label),
        backends=groups_of(cells, Dimension.BACKEND, str),
        members=groups_of(cells, member, names_of(cells, member)),
        savings=savings_across(found),
        persons=most_persons(whole),
        median_ms=percentile_ms(durations, 0.5),
        p95_ms=percentile_ms(durations, 0.95),
        months_masked=cells.months_masked[Dimension.ALL][""],
    )


def cells_of(organisation: Organisation | None, period: Period) -> QuerySet[MonthlyCell]:
    """The cells of the months of the period, masked ones included."""
    months = period.in_whole_months()
    cells = MonthlyCell.objects.of(organisation.pk if organisation else None)
    return cells.filter(month__range=(months.first, months.last))


def sum_cells(found: QuerySet[MonthlyCell], measured: list[str]) -> Cells:
    """Add up the months of what is ``measured``, and of durations, which are only counted."""
    needed = Q(dimension__in=measured) | Q(dimension=Dimension.DURATION, method="")
    sums = {name: Sum(name) for name in READ} | {"persons": Max("persons")}
    cells = Cells(defaultdict(dict), defaultdict(Counter))
    for row in read_sums(found.filter(needed, is_masked=False), ("dimension", "value"), sums):
        cells.rows[row["dimension"]].setdefault(row["value"], []).append(row)
    masked = found.filter(dimension__in=measured, method="", is_masked=True)
    for dimension, value in masked.values_list("dimension", "value"):
        cells.months_masked[dimension][value] += 1
    return cells


def most_persons(rows: Iterable[Row]) -> int | None:
    """The persons of the busiest month; None if no month may be shown."""
    return max((row["persons"] for row in rows if row["persons"] is not None), default=None)


def _figures(rows: Iterable[Row]) -> Figures:
    figures = Figures()
    for row in rows:
        # The row of all methods has the counts, the others what depends on the method.
        (figures.measure if row["method"] else figures.count)(row)
    return figures


def _columns(found: QuerySet[MonthlyCell], period: Period) -> list[Column]:
    """The chart over time; a masked column has no figures, others have counts only."""
    dimension = Dimension.DAY if period.is_drawn_by_day else Dimension.ALL
    figures: dict[date, Figures | None] = {}
    rows = found.filter(dimension=dimension, method="").values("month", "value", *_COLUMN)
    for row in rows:
        step = date.fromisoformat(row["value"]) if row["value"] else row["month"]
        figures[step] = None if row["is_masked"] else _figures([row])
    return [Column(step, figures.get(step, Figures())) for step in period.steps()]


def groups_of(cells: Cells, dimension: str, label: Callable[[str], str]) -> list[Group]:
    """The groups of a dimension, most questions first; of masked months they have no figures."""
    groups = []
    for value in cells.values(dimension):
        rows = cells.rows[dimension].get(value, [])
        groups.append(
            Group(
                value=value,
                label=label(value),
                figures=_figures(rows),
                persons=most_persons(rows),
                months_masked=cells.months_masked[dimension][value],
            )
        )
    return sort_groups(groups)


def names_of(cells: Cells, dimension: str) -> Callable[[str], str]:
    """The name of each instance or organisation of the cells, by its primary key as text."""
    model = Instance if dimension == Dimension.INSTANCE else Organisation
    found = model.objects.filter(pk__in=cells.values(dimension)).values_list("pk", "name")
    names = {str(pk): name for pk, name in found}
    return lambda value: names.get(value, _("Deleted (no. %s)") % value)
