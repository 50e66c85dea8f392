"""The organisations of the site, created by operators."""

import pytest
from django.urls import reverse

from accounts.models import LoginRule, MetadataFeed
from instances.access.gates import get_membership
from instances.models import Instance, Organisation
from tests.factories import OrganisationAdministratorFactory, UserFactory


def test_operator_creates_organisation_and_instance(db, client_for):
    operator = UserFactory(is_staff=True)
    browser = client_for(operator)
    assert reverse("administration:new_organisation") in browser.get("/").text
    browser.post(reverse("administration:new_organisation"), {"name": "Université d’Artois"})
    organisation = Organisation.objects.get()
    assert organisation.slug == "universite-dartois"
    answer = browser.post(
        reverse("administration:new_instance"),
        {
            "name": "Scolarité",
            "organisation": organisation.pk,
            "purpose": "Questions of students.",
            "expected_members": 10,
            "sensitivity": "internal",
            "language": "fr",
        },
    )
    instance = Instance.objects.get()
    assert answer.url == f"/i/{instance.slug}/settings/first-steps/"
    assert get_membership(operator, "scolarite").may_administer


@pytest.mark.parametrize("name", ["new_organisation", "new_instance"])
def test_owner_cannot_create_organisation_or_instance(cast, client_for, name):
    assert client_for(cast.owner).get(reverse(f"administration:{name}")).status_code == 403


def test_first_steps_are_shown_until_they_are_done(cast, client_for):
    organisation = cast.instance.organisation
    browser = client_for(UserFactory(is_staff=True))
    operation = reverse("administration:organisations")
    console = reverse("administration:organisation", args=[organisation.slug])
    page = browser.get(operation).text
    for step in ("add its administrators", "log in with their institution", "some acts need two"):
        assert step in page
    assert "Nobody can log in through your institution yet" in browser.get(console).text

    UserFactory(is_staff=True)
    OrganisationAdministratorFactory(organisation=organisation)
    feed = MetadataFeed.objects.create(name="Renater", url="https://feed.example/")
    LoginRule.objects.create(organisation=organisation, feed=feed)
    assert "What to do next" not in browser.get(operation).text
    assert "Nobody can log in" not in browser.get(console).text
