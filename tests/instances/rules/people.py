"""People with identities, and their memberships."""

from people.models import User
from tests.factories import (
    IdentityFactory,
    UserFactory,
)


def person_of(organisation, **fields) -> User:
    """A person with an identity of the organisation."""
    user = UserFactory()
    IdentityFactory(user=user, organisation_ids=[organisation.pk], **fields)
    return user
