"""Which groups are too small to be shown to people outside them.

A group of fewer than five persons is masked. As its figures would be the difference between the
total and the other groups, the smallest of the others is masked with it: what is left of the total
then always contains a group of five or more.
"""

from collections.abc import Mapping
from typing import Final

from usage.models import MonthlyCell

MIN_PERSONS: Final = 5

_Dimension = MonthlyCell.Dimension


def masked_groups(persons: Mapping[str, int]) -> set[str]:
    """The groups to mask; ``persons`` is the number of persons in each.

    ``persons`` are the groups of one dimension, in one month: a longer period shows the sum of the
    months in which a group was not masked, so that periods cannot be subtracted either.
    """
    small = {group for group, number in persons.items() if number < MIN_PERSONS}
    if not small:
        return set()
    others = sorted(persons.keys() - small, key=lambda group: (persons[group], group))
    return small | set(others[:1])


def masked_cells(persons: Mapping[str, Mapping[str, int]]) -> dict[str, set[str]]:
    """The values to mask of each dimension of a month, from the persons of each value."""
    masked = {name: masked_groups(numbers) for name, numbers in persons.items()}
    if _Dimension.DURATION in persons:
        # Parts of one distribution, not groups of persons: shown with the whole.
        whole = persons.get(_Dimension.ALL, {}).get("", 0)
        durations = set(persons[_Dimension.DURATION])
        masked[_Dimension.DURATION] = durations if whole < MIN_PERSONS else set()
    return masked
