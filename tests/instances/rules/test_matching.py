"""Access rules: matching of single people and in bulk, and loss of access."""

import random
from itertools import product

import pytest
from django.db import DatabaseError

from instances.access.gates import get_membership
from instances.models import AccessRule
from instances.rules.changes import change_rule
from instances.rules.matching import (
    fits,
    open_instances,
    people_admitted,
)
from instances.tenancy import tenant
from tests.factories import (
    AccessRuleFactory,
    IdentityFactory,
    InstanceFactory,
    MembershipFactory,
    OrganisationFactory,
    UserFactory,
)
from tests.instances.rules.people import person_of

RENATER, OTHER = "https://federation.renater.fr/", "https://other.example/"


GROUP = {"isMemberOf": ["urn:law", "urn:history"]}


def test_single_and_bulk_evaluation_agree(cast):
    """Each rule against each identity: audiences × filters × what may be said of somebody."""
    here, there = cast.instance.organisation, cast.other_instance.organisation
    off = OrganisationFactory(is_enabled=False)
    rules = [
        AccessRule(
            instance=cast.instance,
            audience=audience,
            organisation_ids=[there.pk, off.pk] if audience == "organisations" else [],
            federation=RENATER if audience == "federation" else "",
            affiliations=affiliations,
            scopes=scopes,
            required=required,
            is_enabled=is_enabled,
        )
        for audience, affiliations, scopes, required, is_enabled in product(
            AccessRule.Audience.values,
            ([], ["staff", "faculty"]),
            ([], ["univ-x.fr"]),
            ({}, GROUP, {"1": ["a"]}),
            (True, False),
        )
    ]
    identities = [
        IdentityFactory(
            organisation_ids=organisations,
            federation=federation,
            affiliations=affiliations,
            scopes=scopes,
            attributes=attributes,
        )
        for organisations, federation, affiliations, scopes, attributes in product(
            ([], [here.pk], [there.pk]),
            ("", RENATER, OTHER),
            ([], ["student"], ["faculty", "member"]),
            ([], ["univ-x.fr"], ["univ-y.fr"]),
            ({}, {"isMemberOf": ["urn:law"]}, {"isMemberOf": ["urn:physics"], "1": ["a"]}),
        )
    ]
    outcomes = set()
    for rule in rules:
        in_bulk = set(people_admitted(rule).values_list("pk", flat=True))
        one_by_one = {identity.pk for identity in identities if fits(rule, identity)}
        assert in_bulk == one_by_one, vars(rule)
        outcomes.add(bool(one_by_one))
    assert outcomes == {True, False}


def test_no_attributes_grant_administrator_role(cast):
    chosen = random.Random(3)
    words = ["admin", "administrator", "staff", "member", "urn:admin", "*", ""]
    for role in ("guest", "member", "editor"):
        AccessRuleFactory(instance=cast.instance, role=role, audience="edugain")
        AccessRuleFactory(instance=cast.instance, role=role, required={"role": words})
    for _ in range(60):
        user = person_of(
            cast.instance.organisation,
            federation=RENATER,
            affiliations=chosen.sample(words, 3),
            scopes=chosen.sample(words, 2),
            attributes={chosen.choice(words): chosen.sample(words, 2), "role": ["admin"]},
        )
        assert get_membership(user, "law").role == "editor"


def test_the_database_refuses_a_rule_that_makes_administrators(cast):
    with pytest.raises(DatabaseError, match="no_administrator_by_attribute"):
        AccessRuleFactory(instance=cast.instance, role="admin")


def test_highest_role_of_matching_rules_is_granted(cast, staff):
    AccessRuleFactory(instance=cast.instance, role="guest")
    editors = AccessRuleFactory(instance=cast.instance, role="editor")
    assert get_membership(staff, "law").role == "editor"
    editors.role = "member"
    with tenant(cast.instance):
        assert change_rule(editors) == 0
    assert get_membership(staff, "law").role == "member"


def test_an_ended_membership_is_renewed_by_a_rule(cast, staff):
    AccessRuleFactory(instance=cast.instance, role="editor")
    MembershipFactory(
        instance=cast.instance, user=staff, role="guest", expires_at="2020-01-01T00:00Z"
    )
    renewed = get_membership(staff, "law")
    assert (renewed.role, renewed.expires_at) == ("editor", None)


def test_open_instances_excludes_own_memberships(cast, staff):
    AccessRuleFactory(instance=cast.instance)
    AccessRuleFactory(instance=cast.instance, role="editor")
    AccessRuleFactory(instance=cast.other_instance)
    archived = InstanceFactory(organisation=cast.instance.organisation, status="archived")
    AccessRuleFactory(instance=archived)
    assert open_instances(staff) == [cast.instance]
    assert open_instances(staff, search="DROIT") == [cast.instance]
    assert open_instances(staff, search="physique") == []
    assert open_instances(UserFactory()) == []
    get_membership(staff, "law")
    assert open_instances(staff) == []
