"""People of an organisation, and the two steps by which somebody is added."""

from typing import Any

from django.test import Client

from instances.models import Organisation
from people.models import User
from tests.factories import IdentityFactory, UserFactory


def make_colleague(organisation: Organisation, **fields: Any) -> User:
    """Somebody of whom the organisation's institution said so at their last login."""
    person = UserFactory(**fields)
    IdentityFactory(user=person, organisation_ids=[organisation.pk])
    return person


def find_and_add(browser: Client, url: str, form: dict[str, Any]) -> Any:
    """Send the form, and confirm the person whom the answer shows, if it shows one."""
    page = browser.post(url, form)
    choice = page.context["choice"]
    if choice.found is None:
        return page
    return browser.post(url, form | {"person": choice.found.pk})


def import_all(browser: Client, url: str, people: str) -> Any:
    """Send the list, and confirm everybody whom the answer shows."""
    page = browser.post(url, {"people": people})
    confirmed = [person.pk for _line, person in page.context["found"]]
    return browser.post(url, {"people": people, "confirmed": "1", "person": confirmed})
