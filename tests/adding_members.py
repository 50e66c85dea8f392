"""People of an organisation, and the two steps of adding a member."""

from typing import Any

from django.test import Client

from instances.models import Organisation
from people.models import User
from tests.factories import IdentityFactory, UserFactory


def make_colleague(organisation: Organisation, **fields: Any) -> User:
    """A user whose last login was through the organisation's IdP."""
    person = UserFactory(**fields)
    IdentityFactory(user=person, organisation_ids=[organisation.pk])
    return person


def find_and_add(browser: Client, url: str, form: dict[str, Any]) -> Any:
    """Send the form, and confirm the person that the response shows, if any."""
    page = browser.post(url, form)
    choice = page.context["choice"]
    if choice.found is None:
        return page
    return browser.post(url, form | {"person": choice.found.pk})


def import_all(browser: Client, url: str, people: str) -> Any:
    """Send the list, and confirm all people that the response shows."""
    page = browser.post(url, {"people": people})
    confirmed = [person.pk for _line, person in page.context["found"]]
    return browser.post(url, {"people": people, "confirmed": "1", "person": confirmed})
