"""An organisation and a person who may request instances there."""

import pytest

from instances.models import Organisation
from people.models import User
from tests.factories import IdentityFactory, OrganisationFactory, UserFactory


@pytest.fixture
def organisation(db: None) -> Organisation:
    return OrganisationFactory(name="Université d’Artois")


@pytest.fixture
def person(organisation: Organisation) -> User:
    """A member of the staff of the organisation."""
    user = UserFactory(username="ada", first_name="Ada", last_name="Lovelace")
    IdentityFactory(user=user, organisation_ids=[organisation.pk])
    return user
