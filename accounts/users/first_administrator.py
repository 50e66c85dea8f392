"""Create the first administrator of a new deployment, with an organisation and an instance."""

from dataclasses import dataclass

from django.db import transaction

from instances.members.memberships import one_time_password
from instances.organisations.creation import create_instance, create_organisation
from people.models import User

USERNAME = "admin"


@dataclass(frozen=True)
class Credentials:
    """User name and one-time password, which must be changed at the first login."""

    username: str
    password: str


def create_first_administrator() -> Credentials | None:
    """Create an operator, an organisation and an instance; None if an account exists."""
    if User.objects.exists():
        return None
    credentials = Credentials(USERNAME, one_time_password())
    with transaction.atomic():
        user = User.objects.create_superuser(
            username=credentials.username,
            password=credentials.password,
            must_change_password=True,
        )
        # French names; both can be changed in the browser.
        organisation = create_organisation(name="Mon établissement")
        create_instance(
            organisation=organisation,
            name="Espace de découverte",
            slug="decouverte",
            administrator=user,
        )
    return credentials
