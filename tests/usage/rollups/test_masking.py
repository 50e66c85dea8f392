"""Groups of fewer than five persons are masked, and cannot be computed from the others."""

from collections import defaultdict
from itertools import product

import pytest

from usage.rollups.masking import MIN_PERSONS, masked_cells, masked_groups


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


def test_small_subjects_cannot_be_computed_from_their_classes():
    for numbers in product((2, 6, 9), repeat=5):
        persons = dict(zip(("100", "110", "210", "220", "310"), numbers, strict=True))
        assert_nothing_small_can_be_computed(persons)


def assert_nothing_small_can_be_computed(persons):
    """Each person asks about one subject, so that the persons of a class are those of its parts."""
    classes = defaultdict(int)
    for subject, number in persons.items():
        classes[subject[0]] += number
    masked = masked_cells({"class": classes, "subject": persons})
    small = {subject for subject, number in persons.items() if number < MIN_PERSONS}
    of_masked_classes = {subject for subject in persons if subject[0] in masked["class"]}
    assert small | of_masked_classes <= masked["subject"]
    # What is left of each class that is shown, and of the whole.
    missing = [
        {subject for subject in masked["subject"] if subject[0] == digit}
        for digit in classes.keys() - masked["class"]
    ]
    for group in [*missing, of_masked_classes]:
        assert not group or sum(persons[subject] for subject in group) >= MIN_PERSONS


@pytest.mark.parametrize(
    ("models", "backends", "masked"),
    [
        ({"a": 5, "b": 6}, {"x": 9, "y": 5}, set()),
        ({"a": 5, "b": 6}, {"x": 9, "y": 4}, {"x", "y"}),
        # The backend of "a" and "b", without "b", would be "a".
        ({"a": 4, "b": 6, "c": 5}, {"x": 8, "y": 5}, {"x", "y"}),
    ],
    ids=["none is small", "a small backend", "a small model"],
)
def test_backends_are_shown_as_a_whole_or_not_at_all(models, backends, masked):
    assert masked_cells({"model": models, "backend": backends})["backend"] == masked
