"""Concurrent first uses of the same function."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.urls import reverse

from instances.access import charters
from instances.models import Charter, Organisation
from instances.organisations.creation import create_organisation
from tests.administration.views.test_charters import LEVELS, administration
from tests.cast import Cast, make_cast
from tests.factories import UserFactory
from tests.fixtures.database import is_anybody_waiting
from tests.fixtures.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people() -> Cast:
    return make_cast()


def meanwhile(first: Callable[[], Any], second: Callable[[], Any]) -> Any:
    """Do ``second`` in another session while ``first`` is done and not committed yet."""

    def in_a_session_of_its_own() -> Any:
        try:
            return second()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            first()
            doing = other.submit(in_a_session_of_its_own)
            wait_until(lambda: is_anybody_waiting() or doing.done())
        return doing.result(timeout=60)


@pytest.mark.parametrize("level", LEVELS)
def test_concurrent_first_charters_get_distinct_versions(
    people: Cast, client_for: Any, level: str
) -> None:
    person, place = administration(people, level)
    browser = client_for(person)
    scope: dict[str, Any] = {}
    if level == "instance":
        scope = {"instance": people.instance}
    elif level == "organisation":
        scope = {"organisation": people.instance.organisation}
    url = reverse(f"administration:{level}_charter_publish", args=place)
    text = {"text_fr": "Second.", "text_en": "", "publish": "1"}
    response = meanwhile(
        lambda: charters.publish(text_fr="Premier.", text_en="", user_id=None, **scope),
        lambda: browser.post(url, text),
    )
    assert response.status_code == 302
    versions = Charter.objects.order_by("version")
    assert [(one.version, one.text_fr, one.is_current) for one in versions] == [
        (1, "Premier.", False),
        (2, "Second.", True),
    ]
    assert {one.instance for one in versions} == {scope.get("instance")}
    assert {one.organisation for one in versions} == {scope.get("organisation")}


def test_concurrent_organisations_of_same_name_get_distinct_slugs(
    people: Cast, client_for: Any
) -> None:
    browser = client_for(UserFactory(is_staff=True))
    response = meanwhile(
        lambda: create_organisation(name="Université de Lille"),
        lambda: browser.post(
            reverse("administration:new_organisation"), {"name": "Université de Lille"}
        ),
    )
    assert response.status_code == 302
    made = Organisation.objects.filter(name="Université de Lille").order_by("slug")
    assert [one.slug for one in made] == ["universite-de-lille", "universite-de-lille-2"]
