"""Disuse: who is notified and when, what is archived, and what prevents it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from administration.lifecycle import disuse
from administration.tasks import archive_disused_instances
from instances.access import gates
from instances.models import AuditEntry, Instance, Membership, Organisation
from instances.tenancy import tenant
from tests.factories import InstanceFactory, OrganisationFactory

NOW = timezone.now()


def unused(months=0, days=0, **fields):
    """An instance of which the last use was so long ago, give or take a day."""
    instance = InstanceFactory(**fields)
    used = NOW - timedelta(days=days + months * 30.5)
    Instance.objects.filter(pk=instance.pk).update(last_used_at=used)
    return instance


def state(instance):
    stored = Instance.objects.get(pk=instance.pk)
    return stored.status, stored.disuse_noticed_at is not None


@pytest.mark.parametrize(
    ("months", "idle_months", "noticed"),
    [(10.5, 12, False), (11.5, 12, True), (30, 12, True), (30, 0, False), (2.5, 3, True)],
)
def test_owners_are_notified_a_month_before_archiving(db, months, idle_months, noticed):
    organisation = OrganisationFactory(idle_months=idle_months)
    instance = unused(months, organisation=organisation)
    archive_disused_instances()
    # Never archived before they were told, however long it has been.
    assert state(instance) == ("active", noticed)


def test_disuse_of_unused_instance_starts_at_creation(db):
    instance = InstanceFactory()
    Instance.objects.update(created_at=NOW - timedelta(days=400))
    archive_disused_instances()
    assert state(instance) == ("active", True)


def test_instance_is_archived_once_a_month_after_notice(db):
    instance = unused(14)
    archive_disused_instances()
    Instance.objects.update(disuse_noticed_at=NOW - timedelta(days=29))
    archive_disused_instances()
    assert state(instance)[0] == "active"
    Instance.objects.update(disuse_noticed_at=NOW - timedelta(days=31))
    archive_disused_instances()
    archive_disused_instances()
    assert state(instance)[0] == "archived"
    with tenant(instance):
        actions = list(AuditEntry.objects.order_by("at").values_list("action", flat=True))
    assert actions == ["instance.notice", "instance.archived"]


def test_use_cancels_the_notice(cast, client_for):
    Instance.objects.filter(slug="law").update(last_used_at=NOW - timedelta(days=400))
    archive_disused_instances()
    with tenant(cast.instance):
        Membership.objects.update(last_used_at=None)
    assert "was going to be archived" in client_for(cast.owner).get("/i/law/").text
    assert state(cast.instance) == ("active", False)
    assert "was going to be archived" not in client_for(cast.owner).get("/i/law/").text


def test_use_after_selection_prevents_archiving(cast):
    Instance.objects.filter(slug="law").update(
        last_used_at=NOW - timedelta(days=400), disuse_noticed_at=NOW - timedelta(days=40)
    )
    assert list(disuse.due_for_archive(NOW)) == [cast.instance]
    gates.record_use(gates.get_membership(cast.teammate, "law"))
    disuse.archive_disused(cast.instance.pk, NOW)
    assert state(cast.instance) == ("active", False)


@pytest.mark.parametrize("status", ["archived", "suspended", "deleting"])
def test_only_active_instances_are_archived(db, status):
    instance = unused(30)
    Instance.objects.update(status=status)
    archive_disused_instances()
    assert state(instance) == (status, False)


def test_home_shows_administrators_the_archive_date(cast, client_for):
    Instance.objects.filter(slug="law").update(disuse_noticed_at=NOW)
    assert "Unused: will be archived on" in client_for(cast.owner).get("/").text
    assert "Unused: will be archived on" not in client_for(cast.teammate).get("/").text


def test_run_without_disuse_needs_two_queries(db, django_assert_num_queries):
    Organisation.objects.all().delete()
    organisation = OrganisationFactory()
    InstanceFactory.create_batch(30, organisation=organisation)
    with django_assert_num_queries(2):
        archive_disused_instances()
