"""Rows of sums, as a database query returns them, made into what a dashboard shows."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Func, QuerySet

from usage.dashboards.figures import Column, Figures, Group
from usage.dashboards.labels import model_label, subject_label
from usage.dashboards.periods import Period

Row = dict[str, Any]


def read_sums(
    rows: QuerySet[Any], dimensions: Sequence[str], sums: Mapping[str, Func]
) -> list[Row]:
    """Return the ``sums`` of the rows by dimensions, method and currency, under their names."""
    # An annotation may not have the name of a field.
    grouped = rows.order_by().values(*dimensions, "method", "currency")
    found = grouped.annotate(**{f"sum_{name}": value for name, value in sums.items()})
    return [{name.removeprefix("sum_"): value for name, value in row.items()} for row in found]


def total(rows: Iterable[Row]) -> Figures:
    """Add up all rows."""
    figures = Figures()
    for row in rows:
        figures.add(row)
    return figures


def columns(rows: Iterable[Row], period: Period) -> list[Column]:
    """The chart over time: a column for each ``step``, also where nothing was asked."""
    by_step = _group(rows, "step")
    return [Column(step, by_step.get(step, Figures())) for step in period.steps()]


def model_groups(rows: Iterable[Row]) -> list[Group]:
    """The models; rows that name none are left out."""
    groups = _group(rows, "model")
    return sort_groups(
        Group(name, model_label(name), figures) for name, figures in groups.items() if name
    )


def backend_groups(rows: Iterable[Row]) -> list[Group]:
    """The backends; rows of work that was done without one are left out."""
    groups = _group(rows, "backend_name")
    return sort_groups(Group(name, name, figures) for name, figures in groups.items() if name)


def subject_groups(rows: Iterable[Row]) -> list[Group]:
    """The subjects, with "unclassified" if some questions are."""
    groups = _group(rows, "subject")
    return sort_groups(
        Group(code, subject_label(code), figures) for code, figures in groups.items()
    )


def instance_groups(rows: Sequence[Row]) -> list[Group]:
    """The instances."""
    names = {row["instance__slug"]: row["instance__name"] for row in rows}
    groups = _group(rows, "instance__slug")
    return sort_groups(Group(slug, names[slug], figures) for slug, figures in groups.items())


def sort_groups(groups: Iterable[Group]) -> list[Group]:
    """Most questions first, then most requests, then by name."""
    return sorted(
        groups, key=lambda one: (-one.figures.questions, -one.figures.requests, one.label)
    )


def _group(rows: Iterable[Row], dimension: str) -> dict[Any, Figures]:
    groups: dict[Any, Figures] = defaultdict(Figures)
    for row in rows:
        groups[row[dimension]].add(row)
    return dict(groups)
