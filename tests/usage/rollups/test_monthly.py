"""Cells of small groups are marked as masked, by the tasks and for cells that were there before."""

from datetime import UTC, datetime
from importlib import import_module

from django.db import connection

from tests.factories import InstanceFactory
from tests.usage.generated import make_records
from usage.models import MonthlyCell
from usage.rollups.masking import masked_cells
from usage.tasks import roll_up_days, roll_up_months

SINCE = datetime(2026, 10, 25, tzinfo=UTC)


def marked():
    """Each cell, and whether it is masked."""
    rows = MonthlyCell.objects.values_list(
        "organisation", "month", "dimension", "value", "method", "is_masked"
    )
    return {tuple(cell): is_masked for *cell, is_masked in rows}


def test_cells_of_small_groups_are_masked(cast):
    for seed, number in enumerate((3, 40, 9)):
        instance = InstanceFactory(organisation=cast.instance.organisation)
        make_records(instance, number, since=SINCE, days=15, seed=seed)
    # Fewer than five persons in all.
    make_records(cast.other_instance, 4, since=SINCE, days=3)
    roll_up_days()
    roll_up_months()
    found = marked()
    persons = {}
    whole = MonthlyCell.objects.filter(method="")
    for cell in whole:
        month = persons.setdefault((cell.organisation_id, cell.month), {})
        month.setdefault(cell.dimension, {})[cell.value] = cell.persons or 0
    masked = {month: masked_cells(dimensions) for month, dimensions in persons.items()}
    assert found == {
        (organisation, month, dimension, value, method): value
        in masked[organisation, month][dimension]
        for organisation, month, dimension, value, method in found
    }
    assert set(found.values()) == {True, False}

    # The migration marks the cells that were there before in the same way; since then, subjects
    # are parts of classes, and persons of durations are not counted.
    newer = [
        "backend",
        "class",
        "subject",
        "frugality",
        "duration",
        "class_affiliation",
        "class_trade",
    ]
    MonthlyCell.objects.filter(dimension__in=newer).delete()
    before = marked()
    MonthlyCell.objects.update(is_masked=True)
    migration = import_module("usage.migrations.0012_monthly_sums")
    with connection.cursor() as cursor:
        cursor.execute(migration._MASK)
    assert marked() == before
