"""The geometry of charts, which templates draw as SVG."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from usage.dashboards.figures import Column, Group

COLUMN_WIDTH: Final = 10
HEIGHT: Final = 100


@dataclass(frozen=True, slots=True)
class Bar:
    """A column in units of the chart: answered questions below, those without a result above."""

    column: Column
    x: int
    answered_y: float
    answered_height: float
    unanswered_y: float
    unanswered_height: float


@dataclass(frozen=True, slots=True)
class ColumnChart:
    """Questions over time."""

    bars: list[Bar]
    # Of the highest column, which is ``HEIGHT`` high.
    maximum: int

    @property
    def has_masked(self) -> bool:
        """Whether some columns are masked."""
        return any(bar.column.figures is None for bar in self.bars)

    @property
    def width(self) -> int:
        """The width of the view box."""
        return COLUMN_WIDTH * len(self.bars)


def column_chart(columns: list[Column]) -> ColumnChart:
    """Draw the questions of each column; a masked one is empty."""
    maximum = max((one.figures.questions for one in columns if one.figures), default=0)
    return ColumnChart([_bar(n, one, maximum) for n, one in enumerate(columns)], maximum)


def _bar(number: int, column: Column, maximum: int) -> Bar:
    questions = column.figures.questions if column.figures else 0
    unanswered = column.figures.unanswered if column.figures else 0
    unit = HEIGHT / maximum if maximum else 0.0
    top = HEIGHT - questions * unit
    split = HEIGHT - (questions - unanswered) * unit
    return Bar(
        column=column,
        x=number * COLUMN_WIDTH,
        answered_y=round(split, 2),
        answered_height=round(HEIGHT - split, 2),
        unanswered_y=round(top, 2),
        unanswered_height=round(split - top, 2),
    )


@dataclass(frozen=True, slots=True)
class GroupBar:
    """A group, with its number of questions or persons; None: masked. ``width`` is up to 100."""

    group: Group
    number: int | None
    width: float
    # Listed under it in the table.
    parts: Sequence[Group]


@dataclass(frozen=True, slots=True)
class BarChart:
    """Groups as horizontal bars. ``name`` identifies it on its page."""

    name: str
    title: str
    bars: list[GroupBar]


def bar_chart(
    name: str,
    title: str,
    groups: Iterable[tuple[Group, Sequence[Group]]],
    measure: Literal["questions", "persons"],
) -> BarChart:
    """Draw groups, each with its parts, by their questions or persons; the longest bar is 100."""
    numbers = [
        (group, (group.persons if measure == "persons" else group.figures.questions), parts)
        for group, parts in groups
    ]
    maximum = max((number or 0 for _group, number, _parts in numbers), default=0)
    return BarChart(
        name,
        title,
        [
            GroupBar(
                group,
                number if group.figures.requests else None,
                round(HEIGHT * (number or 0) / maximum, 2) if maximum else 0.0,
                parts,
            )
            for group, number, parts in numbers
        ],
    )
