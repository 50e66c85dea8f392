"""The people of an organisation."""

from tests.administration.views.consoles.conftest import url
from tests.factories import (
    IdentityFactory,
    MembershipFactory,
    UserFactory,
)


def test_people_are_listed_by_verified_identity(cast, organisation, browser):
    IdentityFactory(user=cast.teammate, organisation_ids=[organisation.pk])
    IdentityFactory(user=cast.stranger, organisation_ids=[cast.other_instance.organisation_id])
    MembershipFactory(instance=cast.other_instance, user=cast.teammate)
    page = browser.get(url(organisation, "organisation_people")).context["page"]
    (person,) = page.people
    assert person == cast.teammate
    assert [membership.instance for membership in person.here] == [cast.instance]
    nobody = browser.get(url(organisation, "organisation_people"), {"q": "stranger"})
    assert nobody.context["page"].people == []


def test_people_are_paginated_with_few_queries(
    organisation, browser, django_assert_max_num_queries
):
    for number in range(120):
        person = UserFactory(last_name=f"Name{number // 3:03}", first_name="Same")
        IdentityFactory(user=person, organisation_ids=[organisation.pk])
    seen, after = [], 0
    while True:
        with django_assert_max_num_queries(16):
            page = browser.get(url(organisation, "organisation_people"), {"after": after})
        seen += page.context["page"].people
        if page.context["page"].last is None:
            break
        after = page.context["page"].last.pk
    assert len(seen) == len(set(seen)) == 120
    assert [person.last_name for person in seen] == sorted(person.last_name for person in seen)
