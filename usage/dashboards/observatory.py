"""The observatory of an organisation or of the site: who asks, and about what.

From the same monthly cells as ``usage.dashboards.across``; small groups are masked.
"""

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from instances.models import Organisation
from usage.dashboards.across import (
    Dimension,
    cells_of,
    groups_of,
    most_persons,
    names_of,
    sum_cells,
)
from usage.dashboards.crossings import CrossingTable, crossing_table
from usage.dashboards.figures import Group
from usage.dashboards.labels import class_label, subject_label
from usage.dashboards.periods import Period
from usage.occupations import affiliation_label, trade_label
from usage.subjects.divisions import class_of

# What its files contain.
DIMENSIONS: Final = (
    *(Dimension.ALL, Dimension.CLASS, Dimension.SUBJECT),
    *(Dimension.AFFILIATION, Dimension.TRADE),
    *(Dimension.CLASS_AFFILIATION, Dimension.CLASS_TRADE),
)
_GROUPS: Final = (
    Dimension.ALL,
    Dimension.CLASS,
    Dimension.SUBJECT,
    Dimension.AFFILIATION,
    Dimension.TRADE,
)


@dataclass(frozen=True, slots=True)
class Observatory:
    """Groups of a period: of questions by subject, of people by what their institutions release."""

    period: Period
    # In the busiest month; None: too few to be shown.
    persons: int | None
    months_masked: int
    # Dewey classes, each with its divisions.
    classes: list[tuple[Group, list[Group]]]
    # Of the instances of an organisation, or the organisations of the site.
    members: list[Group]
    # Empty if no institution releases them.
    affiliations: list[Group]
    trades: list[Group]
    # Affiliations × classes, and trades × classes; without those of which nothing may be shown.
    crossings: list[CrossingTable]


def observatory_of(organisation: Organisation | None, period: Period) -> Observatory:
    """Return the observatory of the organisation; of the whole site if it is None."""
    member = Dimension.ORGANISATION if organisation is None else Dimension.INSTANCE
    found = cells_of(organisation, period)
    cells = sum_cells(found, [*_GROUPS, member])
    divisions = groups_of(cells, Dimension.SUBJECT, subject_label)
    classes = groups_of(cells, Dimension.CLASS, class_label)
    affiliations = _released(groups_of(cells, Dimension.AFFILIATION, affiliation_label))
    trades = _released(groups_of(cells, Dimension.TRADE, trade_label))
    tables = [
        crossing_table(
            found, name=name, title=title, dimension=dimension, groups=groups, classes=classes
        )
        for name, title, dimension, groups in [
            (
                "affiliations-subjects",
                _("Questions by affiliation and subject"),
                Dimension.CLASS_AFFILIATION,
                affiliations,
            ),
            (
                "trades-subjects",
                _("Questions by trade and subject"),
                Dimension.CLASS_TRADE,
                trades,
            ),
        ]
        if groups
    ]
    return Observatory(
        period=period,
        persons=most_persons(cells.whole()),
        months_masked=cells.months_masked[Dimension.ALL][""],
        classes=[
            (
                group,
                [each for each in divisions if each.value and class_of(each.value) == group.value],
            )
            for group in classes
        ],
        members=groups_of(cells, member, names_of(cells, member)),
        affiliations=affiliations,
        trades=trades,
        crossings=[table for table in tables if table is not None],
    )


def _released(groups: list[Group]) -> list[Group]:
    """Return the groups by persons, none if no institution releases what they are made by."""
    if not any(group.value for group in groups):
        return []
    return sorted(groups, key=lambda group: -(group.persons or 0))
