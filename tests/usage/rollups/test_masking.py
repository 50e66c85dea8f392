"""Groups of fewer than five persons are masked, and cannot be computed from the others."""

import pytest

from usage.rollups.masking import masked_groups


@pytest.mark.parametrize(
    ("persons", "masked"),
    [
        ({}, set()),
        ({"a": 5, "b": 9}, set()),
        ({"a": 4, "b": 9, "c": 7}, {"a", "c"}),
        ({"a": 4, "b": 3, "c": 9, "d": 8}, {"a", "b", "d"}),
        ({"a": 1, "b": 6, "c": 6}, {"a", "b"}),
        ({"a": 4}, {"a"}),
        ({"a": 0, "b": 5}, {"a", "b"}),
    ],
    ids=["none", "large", "one small", "two small", "tie", "alone", "nobody"],
)
def test_small_groups_are_masked_with_the_smallest_of_the_others(persons, masked):
    assert masked_groups(persons) == masked
