"""Which groups are too small to be shown to people outside them.

A group of fewer than five persons is masked. As its figures would be the difference between the
total and the other groups, the smallest of the others is masked with it: what is left of the total
then always contains a group of five or more.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Set
from typing import Final

from usage.models import MonthlyCell
from usage.rollups.crossed import CrossTable
from usage.subjects.divisions import class_of

MIN_PERSONS: Final = 5

_Dimension = MonthlyCell.Dimension
# Classes crossed with another dimension: their tables.
CROSSED: Final = {
    _Dimension.CLASS_AFFILIATION: _Dimension.AFFILIATION,
    _Dimension.CLASS_TRADE: _Dimension.TRADE,
}


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


def masked_parts(
    persons: Mapping[str, int], whole_of: Callable[[str], str], masked_wholes: Set[str]
) -> set[str]:
    """The groups to mask where the sums of some of them, the wholes, are shown as well.

    All parts of a masked whole are masked. In every other whole, the smallest of the others is
    masked with the small parts; if all parts are small, their sum is the whole.
    """
    parts: dict[str, dict[str, int]] = defaultdict(dict)
    for part, number in persons.items():
        parts[whole_of(part)][part] = number
    masked = set()
    for whole, numbers in parts.items():
        masked |= set(numbers) if whole in masked_wholes else masked_groups(numbers)
    return masked


def masked_cells(persons: Mapping[str, Mapping[str, int]]) -> dict[str, set[str]]:
    """The values to mask of each dimension of a month, from the persons of each value."""
    masked = {name: masked_groups(numbers) for name, numbers in persons.items()}
    if _Dimension.SUBJECT in persons:
        masked[_Dimension.SUBJECT] = masked_parts(
            persons[_Dimension.SUBJECT], class_of, masked[_Dimension.CLASS]
        )
    for name, other in CROSSED.items():
        if name in persons:
            masked[name] = _masked_crossings(persons, masked, name, other)
    if _Dimension.DURATION in persons:
        # Parts of one distribution, not groups of persons: shown with the whole.
        whole = persons.get(_Dimension.ALL, {}).get("", 0)
        masked[_Dimension.DURATION] = _all_or_none(
            persons[_Dimension.DURATION], is_shown=whole >= MIN_PERSONS
        )
    if _Dimension.BACKEND in persons:
        # Who knows which models a backend serves could subtract those that are shown.
        is_shown = not masked[_Dimension.BACKEND] and not masked.get(_Dimension.MODEL)
        masked[_Dimension.BACKEND] = _all_or_none(persons[_Dimension.BACKEND], is_shown=is_shown)
    if _Dimension.FRUGALITY in persons:
        # They cut outcomes into parts, so that a small group in either could be subtracted.
        numbers = persons[_Dimension.FRUGALITY]
        is_shown = min(numbers.values()) >= MIN_PERSONS and not masked[_Dimension.OUTCOME]
        masked[_Dimension.FRUGALITY] = _all_or_none(
            [*numbers, MonthlyCell.SPARED], is_shown=is_shown
        )
    return masked


def split_crossing(value: str) -> tuple[str, str]:
    """The class and the other value of a cell of ``CROSSED``."""
    digit, _space, other = value.partition(" ")
    return digit, other


def _masked_crossings(
    persons: Mapping[str, Mapping[str, int]],
    masked: Mapping[str, set[str]],
    name: str,
    other: str,
) -> set[str]:
    table = CrossTable(
        persons={split_crossing(value): number for value, number in persons[name].items()},
        rows=persons[_Dimension.CLASS],
        columns=persons[other],
        masked_rows=masked[_Dimension.CLASS],
        masked_columns=masked[other],
        min_persons=MIN_PERSONS,
    )
    return {f"{digit} {value}" for digit, value in table.masked_cells()}


def _all_or_none(values: Iterable[str], *, is_shown: bool) -> set[str]:
    return set() if is_shown else set(values)
