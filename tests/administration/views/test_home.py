"""The home page."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from instances.models import Instance, Membership
from instances.tenancy import tenant
from tests.factories import (
    AccessRuleFactory,
    DocumentFactory,
    IdentityFactory,
    InstanceFactory,
    MembershipFactory,
    OrganisationFactory,
    UserFactory,
)


def names(page):
    return [card.membership.instance.name for card in page.context["home"].cards]


@pytest.fixture
def person(db):
    return UserFactory()


def joined(person, n, **fields):
    """Memberships in ``n`` new instances."""
    instances = InstanceFactory.create_batch(n, **fields)
    for instance in instances:
        MembershipFactory(instance=instance, user=person)
    return instances


def queries_of_home(person, client_for):
    browser = client_for(person)
    browser.get("/")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        browser.get("/")
    return len(queries)


def test_home_lists_only_own_instances(cast, client_for):
    DocumentFactory.create_batch(2, instance=cast.instance)
    DocumentFactory(instance=cast.other_instance)
    page = client_for(cast.teammate).get("/", headers={"accept-language": "en"})
    text = page.text
    assert "Faculté de droit" in text
    assert "2 documents" in text
    assert "Laboratoire de physique" not in text


def test_home_shows_new_user_their_user_name(db, client_for):
    newcomer = UserFactory(username="newcomer")
    page = client_for(newcomer).get("/", headers={"accept-language": "en"})
    assert "your user name is <strong>newcomer</strong>" in page.text
    assert reverse("administration:new_instance") not in page.text


def test_home_requires_login(client, db):
    assert client.get("/").url == "/accounts/login/?next=/"


def test_cards_are_sorted_by_last_use(person, client_for):
    instances = joined(person, 3)
    for days, instance in zip((3, 1, 2), instances, strict=True):
        with tenant(instance):
            Membership.objects.update(last_used_at=timezone.now() - timedelta(days=days))
    expected = [instances[1].name, instances[2].name, instances[0].name]
    assert names(client_for(person).get("/")) == expected


def test_cards_are_searched_and_paginated(person, client_for):
    joined(person, 30)
    [law] = joined(person, 1, name="Faculté de droit")
    browser = client_for(person)
    first = browser.get("/")
    assert len(names(first)) == 24
    assert "1–24 of 31" in first.text
    assert 'href="?page=2"' in first.text
    assert len(names(browser.get("/?page=2"))) == 7
    assert names(browser.get("/?q=FACULT")) == [law.name]
    assert names(browser.get("/", {"q": law.organisation.name})) == [law.name]
    nothing = browser.get("/?q=zoology")
    assert "None of your instances matches “zoology”." in nothing.text
    assert browser.get("/?page=none&archived=maybe&open=0").status_code == 200


def test_archived_instances_are_listed_separately(person, client_for):
    joined(person, 1, name="Today's")
    joined(person, 1, name="Yesterday's", status="archived")
    browser = client_for(person)
    assert names(browser.get("/")) == ["Today's"]
    assert names(browser.get("/?archived=1")) == ["Yesterday's"]
    assert "Archived (1)" in browser.get("/").text


@pytest.mark.parametrize(("role", "leads"), [("admin", True), ("member", False)])
def test_closed_instance_shows_reason_without_link(person, client_for, role, leads):
    [instance] = joined(person, 1)
    Instance.objects.update(status="suspended", status_reason="Copyright.")
    with tenant(instance):
        Membership.objects.update(role=role)
    text = client_for(person).get("/").text
    assert "Copyright." in text
    assert f'href="/i/{instance.slug}/"' not in text
    assert (f"/i/{instance.slug}/settings/lifecycle/" in text) is leads


def test_open_instance_is_offered_until_joined(person, client_for):
    organisation = OrganisationFactory()
    instance = InstanceFactory(organisation=organisation, name="Bibliothèque")
    AccessRuleFactory(instance=instance)
    IdentityFactory(user=person, organisation_ids=[organisation.pk])
    browser = client_for(person)
    assert "Open to you" in browser.get("/").text
    browser.get(f"/i/{instance.slug}/")
    after = browser.get("/")
    assert names(after) == ["Bibliothèque"]
    assert "Open to you" not in after.text


def test_ended_membership_is_not_listed(person, client_for):
    [instance] = joined(person, 1)
    with tenant(instance):
        Membership.objects.update(expires_at=timezone.now())
    assert names(client_for(person).get("/")) == []


def test_home_needs_a_constant_number_of_queries(person, client_for):
    organisation = OrganisationFactory(creation_rule="open")
    IdentityFactory(user=person, organisation_ids=[organisation.pk])

    def more(n):
        for instance in joined(person, n, organisation=organisation):
            DocumentFactory(instance=instance)
        for instance in InstanceFactory.create_batch(n, organisation=organisation):
            AccessRuleFactory(instance=instance)

    more(3)
    few = queries_of_home(person, client_for)
    more(20)
    assert queries_of_home(person, client_for) == few


def test_instance_menu_lists_twelve_at_most(person, client_for):
    instances = joined(person, 30)
    text = client_for(person).get(f"/i/{instances[0].slug}/").text
    assert text.count('class="instance-organisation"') == 12
