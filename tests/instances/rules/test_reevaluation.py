"""Re-evaluation of access rules: changed roles, and loss of access."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from instances.access.api_keys import authenticate, create_api_key
from instances.access.gates import get_membership
from instances.audit import name_of
from instances.members.memberships import change_role
from instances.models import AccessRule, AuditEntry, Identity, Instance, Membership
from instances.rules.changes import change_rule, remove_rule, would_lose
from instances.rules.identities import forget_identities, record_identity
from instances.rules.joining import join_by_rule
from instances.rules.matching import (
    reevaluate_instance,
    reevaluate_organisation,
    reevaluate_person,
    reevaluate_rule,
)
from instances.tasks import forget_old_identities
from instances.tenancy import tenant
from people.models import User
from tests.factories import (
    AccessRuleFactory,
    InstanceFactory,
    MembershipFactory,
    OrganisationFactory,
)
from tests.instances.rules.people import person_of


def membership_of(instance, user):
    with tenant(instance):
        return Membership.objects.for_instance(instance).filter(user=user).first()


@pytest.mark.parametrize(
    "losing",
    ["rule changed", "rule switched off", "rule removed", "identity changed", "identity gone"],
)
def test_loss_of_rule_ends_membership_and_keys(cast, staff, client, losing):
    rule = AccessRuleFactory(instance=cast.instance, affiliations=["staff"])
    get_membership(staff, "law")
    _key, plaintext = create_api_key(
        instance=cast.instance, name="x", scope="chat", created_by=staff
    )
    bearer = {"authorization": f"Bearer {plaintext}"}
    assert client.get("/api/v1/instance", headers=bearer).status_code == 200
    with tenant(cast.instance):
        if losing == "rule changed":
            rule.affiliations = ["faculty"]
            assert change_rule(rule) == 1
        elif losing == "rule switched off":
            rule.is_enabled = False
            assert change_rule(rule) == 1
        elif losing == "rule removed":
            assert remove_rule(rule) == 1
    if losing == "identity changed":
        identity = staff.identities.get()
        record_identity(
            user=staff,
            source=identity.source,
            organisation_ids=identity.organisation_ids,
            affiliations=["student"],
        )
        assert reevaluate_person(staff) == 1
    elif losing == "identity gone":
        forget_identities(user=staff)
        assert reevaluate_person(staff) == 1
    assert membership_of(cast.instance, staff) is None
    assert client.get("/api/v1/instance", headers=bearer).status_code == 401
    with tenant(cast.instance):
        entry = AuditEntry.objects.get(action="member.lost")
        assert (entry.target, entry.target_id) == (name_of(staff), staff.pk)
        assert membership_of(cast.instance, cast.teammate)


def test_identities_of_disabled_organisation_match_no_rule(cast, client):
    guests_from = OrganisationFactory()
    AccessRuleFactory(
        instance=cast.instance, audience="organisations", organisation_ids=[guests_from.pk]
    )
    person = person_of(guests_from)
    assert get_membership(person, "law")
    guests_from.is_enabled = False
    guests_from.save()
    assert reevaluate_organisation(guests_from) == 1
    assert membership_of(cast.instance, person) is None
    assert not join_by_rule(person, "law")


def test_role_set_by_administrator_is_kept_by_rules(cast, staff):
    rule = AccessRuleFactory(instance=cast.instance)
    get_membership(staff, "law")
    with tenant(cast.instance):
        membership = Membership.objects.select_related("instance", "user").get(user=staff)
        change_role(membership=membership, role="editor")
        assert remove_rule(rule) == 0
    assert reevaluate_person(staff) == 0
    assert get_membership(staff, "law").role == "editor"


def test_member_stays_by_another_matching_rule(cast, staff):
    rule = AccessRuleFactory(instance=cast.instance, role="editor")
    other = AccessRuleFactory(instance=cast.instance, role="guest")
    get_membership(staff, "law")
    with tenant(cast.instance):
        assert remove_rule(rule) == 0
    kept = membership_of(cast.instance, staff)
    assert (kept.rule_id, kept.role) == (other.pk, "guest")


def test_would_lose_lists_members_of_unsaved_change(cast, staff):
    rule = AccessRuleFactory(instance=cast.instance)
    get_membership(staff, "law")
    with tenant(cast.instance):
        rule.affiliations = ["faculty"]
        assert [membership.user for membership in would_lose(rule)] == [staff]
        AccessRuleFactory(instance=cast.instance, affiliations=["staff"])
        assert not would_lose(rule)
    assert membership_of(cast.instance, staff)


def test_session_ends_with_last_identity(cast, staff, client_for, client):
    """Somebody whose login was taken away, and who has no password, is logged out."""
    User.objects.filter(pk=staff.pk).update(password="!nothing")
    staff.refresh_from_db()
    AccessRuleFactory(instance=cast.instance)
    browser = client_for(staff)
    assert browser.get("/i/law/").status_code == 200
    forget_identities(user=staff)
    reevaluate_person(staff)
    assert "/login/" in browser.get("/").url


def test_a_guest_with_a_password_may_still_log_in(cast, staff, client_for):
    AccessRuleFactory(instance=cast.instance)
    browser = client_for(staff)
    assert browser.get("/i/law/").status_code == 200
    forget_identities(user=staff)
    reevaluate_person(staff)
    assert browser.get("/").status_code == 200
    assert browser.get("/i/law/").status_code == 404


def crowd(cast, number: int) -> AccessRule:
    """So many members of staff who entered by a rule."""
    rule = AccessRuleFactory(instance=cast.instance, affiliations=["staff"])
    people = User.objects.bulk_create(
        User(username=f"crowd{number}-{n}", password="!") for n in range(number)
    )
    Identity.objects.bulk_create(
        Identity(
            user=person,
            source="saml:crowd",
            organisation_ids=[cast.instance.organisation_id],
            affiliations=["staff"],
            asserted_at="2026-01-01T00:00Z",
        )
        for person in people
    )
    with tenant(cast.instance):
        Membership.objects.bulk_create(
            Membership(instance=cast.instance, user=person, rule=rule) for person in people
        )
    return rule


@pytest.mark.parametrize("affiliations", [["staff"], ["faculty"]], ids=["all stay", "all leave"])
def test_bulk_evaluation_needs_a_constant_number_of_queries(cast, affiliations):
    counts = []
    for number in (3, 300):
        rule = crowd(cast, number)
        with tenant(cast.instance):
            AccessRule.objects.filter(pk=rule.pk).update(affiliations=affiliations)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            left = reevaluate_rule(rule)
        assert left == (0 if affiliations == ["staff"] else number)
        counts.append(len(queries))
        with tenant(cast.instance):
            remove_rule(rule)
    assert counts[0] == counts[1]


def test_evaluation_of_many_memberships_needs_few_queries(cast, django_assert_num_queries):
    organisation = OrganisationFactory()
    person = person_of(organisation)
    for _ in range(5):
        rule = AccessRuleFactory(instance=InstanceFactory(organisation=organisation))
        MembershipFactory(instance=rule.instance, user=person, rule=rule)
    # Identities, organisations; then the settings, memberships and rules.
    with django_assert_num_queries(8):
        assert reevaluate_person(person) == 0


def test_added_members_do_not_depend_on_rules(cast):
    assert reevaluate_instance(cast.instance) == 0
    assert Instance.objects.filter(pk=cast.instance.pk).exists()
    assert membership_of(cast.instance, cast.teammate)


def test_key_of_removed_member_is_refused(cast):
    _key, plaintext = create_api_key(
        instance=cast.instance, name="x", scope="chat", created_by=cast.stranger
    )
    assert authenticate(plaintext) is None


def test_expired_identity_matches_no_rule(cast, settings):
    """Whoever left it never logs in there again, and may have a key or another way to log in."""
    AccessRuleFactory(instance=cast.instance)
    gone, here = (person_of(cast.instance.organisation, affiliations=["staff"]) for _ in range(2))
    assert get_membership(gone, "law")
    assert get_membership(here, "law")
    _key, plaintext = create_api_key(
        instance=cast.instance, name="x", scope="chat", created_by=gone
    )
    long_ago = timezone.now() - timedelta(days=settings.IDENTITY_DAYS, seconds=1)
    Identity.objects.filter(user=gone).update(asserted_at=long_ago)
    forget_old_identities()
    assert membership_of(cast.instance, gone) is None
    assert not join_by_rule(gone, "law")
    assert authenticate(plaintext) is None
    assert membership_of(cast.instance, here) is not None


def test_role_changed_by_login_is_audited(cast):
    AccessRuleFactory(instance=cast.instance, role="guest")
    AccessRuleFactory(instance=cast.instance, role="editor", scopes=["law.example"])
    person = person_of(cast.instance.organisation)
    assert get_membership(person, "law").role == "guest"
    Identity.objects.filter(user=person).update(scopes=["law.example"])
    reevaluate_person(person)
    with tenant(cast.instance):
        told = AuditEntry.objects.get(action="member.changed")
    assert (told.detail["former_role"], told.detail["role"]) == ("guest", "editor")
