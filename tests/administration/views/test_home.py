"""Home, and what operators create."""

import pytest
from django.urls import reverse

from instances.access.gates import get_membership
from instances.models import Instance, Organisation
from tests.factories import DocumentFactory, UserFactory


def test_home_lists_my_instances_and_no_other(cast, client_for):
    DocumentFactory.create_batch(2, instance=cast.instance)
    DocumentFactory(instance=cast.other_instance)
    page = client_for(cast.teammate).get("/", headers={"accept-language": "en"})
    text = page.text
    assert "Faculté de droit" in text
    assert "2 documents" in text
    assert "Laboratoire de physique" not in text


def test_home_tells_a_newcomer_what_to_do(db, client_for):
    newcomer = UserFactory(username="newcomer")
    page = client_for(newcomer).get("/", headers={"accept-language": "en"})
    assert "your user name is <strong>newcomer</strong>" in page.text
    assert reverse("administration:new_instance") not in page.text


def test_home_asks_nobody_in(client, db):
    assert client.get("/").url == "/accounts/login/?next=/"


def test_an_operator_creates_an_organisation_and_an_instance(db, client_for):
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
    assert answer.url == f"/i/{instance.slug}/settings/general/"
    assert get_membership(operator, "scolarite").may_administer


@pytest.mark.parametrize("name", ["new_organisation", "new_instance"])
def test_only_operators_create(cast, client_for, name):
    assert client_for(cast.owner).get(reverse(f"administration:{name}")).status_code == 403
