"""A member of the staff of an organisation."""

import pytest

from people.models import User
from tests.instances.rules.people import person_of


@pytest.fixture
def staff(cast) -> User:
    """A member of staff of the cast's organisation."""
    return person_of(cast.instance.organisation, affiliations=["staff"])
