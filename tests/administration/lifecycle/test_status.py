"""The steps of the life cycle: which are allowed, and their effects."""

import pytest
from django.utils import timezone

from administration.lifecycle import status as lifecycle
from instances.errors import NotAMember, WrongStatus
from instances.members import memberships
from instances.models import AuditEntry, Instance, Membership
from instances.tenancy import administering, tenant
from tests.factories import AccessRuleFactory, MembershipFactory, UserFactory

STEPS = {
    "suspend": lambda instance: lifecycle.suspend(instance, reason="Copyright."),
    "archive": lifecycle.archive,
    "reactivate": lifecycle.reactivate,
    "delete": lambda instance: lifecycle.request_deletion(instance, by=None),
    "cancel": lifecycle.cancel_deletion,
}
# From where each step leads where; what is not here is refused.
LEADS = {
    ("active", "suspend"): "suspended",
    ("active", "archive"): "archived",
    ("active", "delete"): "deleting",
    ("archived", "suspend"): "suspended",
    ("archived", "reactivate"): "active",
    ("archived", "delete"): "deleting",
    ("suspended", "reactivate"): "active",
    ("suspended", "delete"): "deleting",
    ("deleting", "cancel"): "active",
}
ACTIONS = {
    "suspend": "instance.suspended",
    "archive": "instance.archived",
    "reactivate": "instance.reactivated",
    "delete": "deletion.asked",
    "cancel": "deletion.cancelled",
}


def log(instance):
    with tenant(instance):
        return list(AuditEntry.objects.order_by("at"))


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("status", Instance.Status.values)
def test_steps_are_allowed_by_status(cast, status, step):
    Instance.objects.filter(slug="law").update(status=status)
    target = LEADS.get((status, step))
    if target is None:
        with pytest.raises(WrongStatus):
            STEPS[step](cast.instance)
        assert Instance.objects.get(slug="law").status == status
        assert log(cast.instance) == []
        return
    STEPS[step](cast.instance)
    stored = Instance.objects.get(slug="law")
    assert stored.status == cast.instance.status == target
    assert stored.status_changed_at == cast.instance.status_changed_at is not None
    assert [entry.action for entry in log(cast.instance)] == [ACTIONS[step]]


@pytest.mark.parametrize("status", ["active", "archived", "suspended"])
def test_cancelled_deletion_restores_former_status(cast, status):
    Instance.objects.filter(slug="law").update(status=status, status_reason="Kept.")
    lifecycle.request_deletion(cast.instance, by=cast.owner)
    lifecycle.cancel_deletion(cast.instance)
    stored = Instance.objects.get(slug="law")
    assert (stored.status, stored.status_reason) == (status, "Kept.")
    assert stored.deletion_due_at is stored.deletion_requested_by is None


def test_a_deletion_that_has_begun_cannot_be_cancelled(cast):
    lifecycle.request_deletion(cast.instance, by=cast.owner)
    Instance.objects.filter(slug="law").update(deletion_counts={"ingestion_document": 3})
    with pytest.raises(WrongStatus):
        lifecycle.cancel_deletion(cast.instance)


def test_reactivation_restarts_disuse(cast):
    Instance.objects.filter(slug="law").update(
        status="archived", last_used_at=None, disuse_noticed_at=timezone.now()
    )
    lifecycle.reactivate(cast.instance)
    stored = Instance.objects.get(slug="law")
    assert stored.disuse_noticed_at is None
    assert stored.last_used_at is not None


def test_new_owner_no_longer_depends_on_rules(cast):
    rule = AccessRuleFactory(instance=cast.instance)
    person = UserFactory(first_name="Ada", last_name="Lovelace")
    MembershipFactory(instance=cast.instance, user=person, rule=rule)
    lifecycle.transfer(cast.instance, to=person)
    with tenant(cast.instance):
        membership = Membership.objects.get(user=person)
    assert (membership.role, membership.rule) == ("admin", None)
    assert Instance.objects.get(slug="law").owner == cast.instance.owner == person
    entry = log(cast.instance)[-1]
    assert (entry.action, entry.target) == (
        "instance.transferred",
        f"Ada Lovelace ({person.username})",
    )


def test_only_a_member_can_become_owner(cast):
    with pytest.raises(NotAMember):
        lifecycle.transfer(cast.instance, to=cast.stranger)
    assert Instance.objects.get(slug="law").owner is None


def test_transferred_personal_instance_becomes_group_instance(cast):
    Instance.objects.filter(slug="law").update(kind="personal", owner=cast.owner)
    lifecycle.transfer(cast.instance, to=cast.editor)
    assert Instance.objects.get(slug="law").kind == "group"


def test_organisation_administrator_transfers_without_membership(cast):
    with administering(cast.instance.organisation):
        lifecycle.transfer(cast.instance, to=cast.editor)
    assert Instance.objects.get(slug="law").owner == cast.editor


def test_removed_owner_loses_ownership(cast):
    lifecycle.transfer(cast.instance, to=cast.editor)
    with tenant(cast.instance):
        memberships.remove_member(cast.editor.memberships.get(instance=cast.instance))
    assert Instance.objects.get(slug="law").owner is None
