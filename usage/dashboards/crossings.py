"""Who asks about what: questions by Dewey class and by what institutions release of people.

From monthly cells, as ``usage.dashboards.across``. A cell that is masked and one of nobody look the
same: otherwise small ones could be computed from sums of others (``usage.rollups.crossed``).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet, Sum

from usage.dashboards.figures import Group
from usage.dashboards.labels import class_label
from usage.models import MonthlyCell
from usage.rollups.masking import split_crossing

# Shades of cells, by their share of the largest; 0 is none.
SHADES: Final = 4


@dataclass(frozen=True, slots=True)
class Crossing:
    """The questions of a group about a class, and its shade; None: not shown."""

    questions: int | None
    shade: int = 0


@dataclass(frozen=True, slots=True)
class CrossingRow:
    """A group of people, and its questions about each class."""

    label: str
    cells: list[Crossing]


@dataclass(frozen=True, slots=True)
class CrossingTable:
    """Groups of people × Dewey classes: a number and a name each; "" is unclassified."""

    name: str
    title: str
    classes: list[tuple[str, str]]
    rows: list[CrossingRow]


def crossing_table(
    found: QuerySet[MonthlyCell],
    *,
    name: str,
    title: str,
    dimension: str,
    groups: Sequence[Group],
    classes: Sequence[Group],
) -> CrossingTable | None:
    """Return the table of ``groups`` of people × ``classes``; None if nothing of it may be shown.

    ``found`` are the cells of the period; ``dimension`` is that of ``MonthlyCell``.
    """
    shown = found.filter(dimension=dimension, method="", is_masked=False)
    questions: Counter[tuple[str, str]] = Counter()
    for value, number in shown.order_by().values_list("value").annotate(n=Sum("questions")):
        questions[split_crossing(value)] += number
    if not questions:
        return None
    shade = _shade_of(max(questions.values()))
    # Unclassified questions last.
    digits = sorted((group.value for group in classes), key=lambda digit: (not digit, digit))
    return CrossingTable(
        name=name,
        title=title,
        classes=[(f"{digit}00" if digit else "", class_label(digit)) for digit in digits],
        rows=[
            CrossingRow(
                group.label,
                [
                    Crossing(number, shade(number)) if number else Crossing(None)
                    for number in (questions[digit, group.value] for digit in digits)
                ],
            )
            for group in groups
        ],
    )


def _shade_of(largest: int) -> Callable[[int], int]:
    return lambda number: -(-SHADES * number // largest)
