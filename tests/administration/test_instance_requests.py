"""Requests for instances: who may make and decide them."""

import pytest

from administration.instance_requests import (
    approve,
    create_personal_instance,
    refuse,
    request_instance,
    withdraw,
)
from administration.lifecycle import status
from administration.offers import offers_for
from instances.access.gates import get_membership
from instances.errors import AlreadyRequested, CreationClosed, InstanceLimit, RequestDecided
from instances.models import Instance, InstanceRequest, Organisation
from tests.administration.request_data import REQUEST, audited_actions
from tests.factories import (
    IdentityFactory,
    InstanceFactory,
    OrganisationAdministratorFactory,
    OrganisationFactory,
    UserFactory,
)


@pytest.fixture
def manager(organisation):
    return OrganisationAdministratorFactory(organisation=organisation).user


def rule(organisation, value):
    organisation.creation_rule = value
    organisation.save()


def places(user):
    return [offer.organisation for offer in offers_for(user)]


@pytest.mark.parametrize(
    ("affiliations", "may_ask"),
    [
        (["staff"], True),
        (["member", "faculty"], True),
        ([], True),
        (["student"], False),
        (["member", "student"], False),
        (["alum", "affiliate"], False),
    ],
    ids=str,
)
def test_only_staff_may_request_where_affiliations_are_known(organisation, affiliations, may_ask):
    user = UserFactory()
    IdentityFactory(user=user, organisation_ids=[organisation.pk], affiliations=affiliations)
    assert (places(user) == [organisation]) is may_ask


def test_managers_may_request_where_they_manage(organisation, manager):
    other = OrganisationFactory()
    disabled = OrganisationFactory(is_enabled=False)
    operator = UserFactory(is_staff=True)
    assert places(manager) == [organisation]
    assert set(places(operator)) == {organisation, other}
    assert disabled not in places(operator)
    assert places(UserFactory()) == []


@pytest.mark.parametrize("who", ["person", "manager", "operator"])
@pytest.mark.parametrize("value", Organisation.CreationRule.values)
def test_creation_rule_does_not_bind_managers(organisation, person, manager, value, who):
    rule(organisation, value)
    user = {"person": person, "manager": manager, "operator": UserFactory(is_staff=True)}[who]
    if who == "person" and value == "closed":
        with pytest.raises(CreationClosed):
            request_instance(user=user, organisation=organisation, **REQUEST)
        assert not InstanceRequest.objects.exists()
        return
    asked = request_instance(user=user, organisation=organisation, **REQUEST)
    if who == "person" and value == "approval":
        assert (asked.status, asked.instance) == ("pending", None)
        assert audited_actions(organisation) == ["instance.requested"]
        return
    assert asked.status == "approved"
    assert asked.instance.owner == user
    assert (asked.instance.purpose, asked.instance.language) == (REQUEST["purpose"], "en")
    assert get_membership(user, "research-support").may_administer
    assert audited_actions(organisation) == [
        "instance.requested",
        "instance.created",
        "request.approved",
    ]


def test_stranger_cannot_request(organisation):
    with pytest.raises(CreationClosed):
        request_instance(user=UserFactory(), organisation=organisation, **REQUEST)


def test_manager_approves_request(organisation, person, manager):
    asked = request_instance(user=person, organisation=organisation, **REQUEST)
    approve(asked, by=manager)
    asked.refresh_from_db()
    assert (asked.status, asked.decided_by) == ("approved", manager)
    assert get_membership(person, asked.instance.slug).may_administer
    for late in (
        lambda: approve(asked, by=manager),
        lambda: refuse(asked, by=manager, answer="No."),
        lambda: withdraw(asked, by=person),
    ):
        with pytest.raises(RequestDecided):
            late()
    assert Instance.objects.count() == 1


def test_refusal_is_shown_on_home(organisation, person, manager, client_for):
    asked = request_instance(user=person, organisation=organisation, **REQUEST)
    refuse(asked, by=manager, answer="Use the library's instance.")
    assert "Use the library&#x27;s instance." in client_for(person).get("/").text
    assert audited_actions(organisation)[-1] == "request.refused"
    # And may be asked for again.
    request_instance(user=person, organisation=organisation, **REQUEST)


def test_repeated_request_is_refused(organisation, person):
    request_instance(user=person, organisation=organisation, **REQUEST)
    with pytest.raises(AlreadyRequested):
        request_instance(
            user=person, organisation=organisation, **REQUEST | {"name": "RESEARCH SUPPORT"}
        )
    rule(organisation, "open")
    with pytest.raises(AlreadyRequested):
        request_instance(user=person, organisation=organisation, **REQUEST)
    assert Instance.objects.count() == 0


def test_instance_limit_of_organisation_is_enforced(organisation, person, manager):
    asked = request_instance(user=person, organisation=organisation, **REQUEST)
    InstanceFactory(organisation=organisation)
    organisation.max_instances = 1
    organisation.save()
    with pytest.raises(InstanceLimit):
        approve(asked, by=manager)
    with pytest.raises(InstanceLimit):
        request_instance(user=person, organisation=organisation, **REQUEST | {"name": "x"})
    with pytest.raises(InstanceLimit):
        create_personal_instance(user=person, organisation=organisation, language="fr")
    assert InstanceRequest.objects.get().status == "pending"


def test_one_personal_instance_per_person_and_organisation(organisation, person):
    first = create_personal_instance(user=person, organisation=organisation, language="fr")
    second = create_personal_instance(user=person, organisation=organisation, language="fr")
    assert first == second == Instance.objects.get()
    assert (first.kind, first.owner, first.name) == (
        "personal",
        person,
        "Personal space of Ada Lovelace",
    )
    status.request_deletion(first, by=person)
    assert create_personal_instance(user=person, organisation=organisation, language="fr") == first


def test_personal_instance_needs_permission_of_organisation(organisation, person):
    organisation.allows_personal_instances = False
    organisation.save()
    with pytest.raises(CreationClosed):
        create_personal_instance(user=person, organisation=organisation, language="fr")
