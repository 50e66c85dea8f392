"""Which days and months are summed up again when records, instances and organisations change."""

from datetime import UTC, datetime

import pytest

from administration.lifecycle.deletion import delete_instance
from instances.models import Instance
from instances.tenancy import tenant
from tests.factories import InstanceFactory
from tests.usage.factories import UsageRecordFactory
from tests.usage.generated import make_records
from usage.models import (
    DailyCell,
    DailyPerson,
    MonthlyCell,
    PendingUsage,
    UsageRecord,
)
from usage.tasks import roll_up_days, roll_up_months

# The evening of 31 October in UTC is already November in Paris.
SINCE = datetime(2026, 10, 20, 22, 30, tzinfo=UTC)


@pytest.mark.django_db
def test_new_record_is_pending_in_its_own_instance_only(cast):
    UsageRecordFactory(instance=cast.instance)
    for instance, number in ((cast.instance, 1), (cast.other_instance, 0)):
        with tenant(instance):
            assert PendingUsage.objects.count() == number


def cells_in(organisation, dimension="all"):
    cells = MonthlyCell.objects.of(organisation.pk).filter(dimension=dimension, method="")
    return dict(cells.values_list("value", "requests"))


def test_day_that_loses_its_records_loses_its_cells(cast):
    """A record that is moved to another day is counted there only."""
    organisation = cast.instance.organisation
    (record,) = make_records(cast.instance, 1, since=SINCE, days=1)
    roll_up_days()
    roll_up_months()
    moved = datetime(2026, 10, 3, 12, tzinfo=UTC)
    with tenant(cast.instance):
        UsageRecord.objects.filter(pk=record.pk).update(created_at=moved)
    roll_up_days()
    roll_up_months()
    assert cells_in(organisation, "day") == {"2026-10-03": 1}
    with tenant(cast.instance):
        assert [row.day for row in DailyPerson.objects.all()] == [moved.date()]


def test_only_changed_days_are_read_again(cast):
    """What is stored of the other days is what months are summed from."""
    organisation = cast.instance.organisation
    make_records(cast.instance, 3, since=datetime(2026, 10, 6, tzinfo=UTC), days=1)
    roll_up_days()
    roll_up_months()
    DailyCell.objects.update(requests=100)
    make_records(cast.instance, 2, since=datetime(2026, 10, 9, tzinfo=UTC), days=1, seed=2)
    roll_up_days()
    roll_up_months()
    assert (
        sum(cells_in(organisation, "day").values())
        == 2 + 100 * DailyCell.objects.filter(dimension="day", requests=100).count()
    )


def test_instance_that_changes_its_organisation_is_counted_in_both(cast):
    first, second = cast.instance.organisation, cast.other_instance.organisation
    make_records(cast.instance, 20, since=SINCE, days=1)
    roll_up_days()
    cast.instance.organisation = second
    cast.instance.save()
    make_records(cast.instance, 7, since=SINCE, days=1, seed=2)
    roll_up_days()
    roll_up_months()
    assert cells_in(first)[""] == 20
    assert cells_in(second)[""] == 7


def test_deleted_instance_is_counted_until_its_months_are_computed_again(cast):
    organisation = cast.instance.organisation
    gone = InstanceFactory(organisation=organisation)
    make_records(gone, 30, since=SINCE, days=2)
    roll_up_days()
    roll_up_months()
    Instance.objects.filter(pk=gone.pk).update(status=Instance.Status.DELETING)
    delete_instance(gone)
    roll_up_months()
    assert cells_in(organisation)[""] == 30
    make_records(cast.instance, 4, since=SINCE, days=1, seed=2)
    roll_up_days()
    roll_up_months()
    assert cells_in(organisation)[""] == 4
