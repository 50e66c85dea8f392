"""An organisation with an administrator and their browser."""

import pytest
from django.urls import reverse

from instances.models import AuditEntry, Membership
from instances.tenancy import administering, tenant
from tests.factories import (
    OrganisationAdministratorFactory,
    UserFactory,
)


@pytest.fixture
def organisation(cast):
    return cast.instance.organisation


@pytest.fixture
def administrator(organisation):
    person = UserFactory(username="dean", first_name="Denise", last_name="Doyen")
    return OrganisationAdministratorFactory(organisation=organisation, user=person).user


@pytest.fixture
def browser(administrator, client_for):
    return client_for(administrator)


def url(organisation, name, *arguments):
    return reverse(f"administration:{name}", args=[organisation.slug, *arguments])


def actions(organisation):
    with administering(organisation):
        return [entry.action for entry in AuditEntry.objects.order_by("at")]


def membership_of(instance, person):
    with tenant(instance):
        return Membership.objects.filter(instance=instance, user=person).first()
