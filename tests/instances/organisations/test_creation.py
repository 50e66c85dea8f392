"""Creation of organisations and instances, also concurrently."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, connection

from administration import instance_requests
from instances.errors import AlreadyRequested, InstanceError
from instances.models import AuditEntry, Instance, InstanceRequest
from instances.organisations.creation import create_instance
from instances.tenancy import tenant
from tests.factories import IdentityFactory, InstanceFactory, OrganisationFactory, UserFactory

REQUEST = {"purpose": "x", "expected_members": 3, "sensitivity": "internal", "language": "fr"}


def at_once(n: int, act: Callable[[int], Any]) -> list[Any]:
    """What ``act(0)``, ``act(1)``… gave, or the error they raised, all begun together."""

    def one(number: int) -> Any:
        try:
            return act(number)
        except InstanceError as error:
            return type(error)
        finally:
            connection.close()

    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(one, range(n)))


@pytest.mark.django_db(transaction=True)
def test_instances_of_same_name_get_distinct_slugs():
    organisations = OrganisationFactory.create_batch(4)
    made = at_once(4, lambda n: create_instance(organisation=organisations[n], name="Droit"))
    assert {instance.slug for instance in made} == {"droit", "droit-2", "droit-3", "droit-4"}


def test_slug_in_use_raises(db):
    InstanceFactory(slug="law")
    with pytest.raises(IntegrityError):
        create_instance(organisation=OrganisationFactory(), name="x", slug="law")


def test_creation_is_audited(db):
    instance = create_instance(organisation=OrganisationFactory(), name="x")
    with tenant(instance):
        assert AuditEntry.objects.get().action == "instance.created"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rule", ["open", "approval"])
def test_concurrent_requests_create_one_request(rule):
    organisation = OrganisationFactory(creation_rule=rule)
    person = UserFactory()
    IdentityFactory(user=person, organisation_ids=[organisation.pk])
    asked = at_once(
        4,
        lambda _n: instance_requests.request_instance(
            user=person, organisation=organisation, name="Droit", **REQUEST
        ),
    )
    assert asked.count(AlreadyRequested) == 3
    assert InstanceRequest.objects.count() == 1
    assert Instance.objects.count() == (rule == "open")


@pytest.mark.django_db(transaction=True)
def test_concurrent_requests_create_one_personal_instance():
    organisation = OrganisationFactory(max_instances=2)
    people = UserFactory.create_batch(3)
    for person in people:
        IdentityFactory(user=person, organisation_ids=[organisation.pk])
    at_once(
        6,
        lambda n: instance_requests.create_personal_instance(
            user=people[n // 2], organisation=organisation, language="fr"
        ),
    )
    owners = list(Instance.objects.values_list("owner", flat=True))
    assert len(owners) == len(set(owners)) == 2
