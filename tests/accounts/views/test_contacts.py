"""Whom to ask, named on error pages: one's own administrators only."""

import pytest
from django.urls import reverse

from instances.models import Organisation
from tests.factories import OrganisationAdministratorFactory, UserFactory

PAGE = "/contacts/"


@pytest.fixture(autouse=True)
def site_without_contact(settings):
    settings.SUPPORT_CONTACT = ""


@pytest.fixture
def dean(cast):
    organisation = cast.instance.organisation
    user = UserFactory(first_name="Denise", last_name="Doyen", email="dean@univ.example")
    return OrganisationAdministratorFactory(organisation=organisation, user=user).user


def test_error_page_of_a_member_leads_to_whom_to_ask(cast, client_for):
    page = client_for(cast.teammate).get("/nowhere/")
    assert page.status_code == 404
    assert reverse("contacts") in page.text


def test_error_page_in_an_instance_asks_for_its_contacts(cast, client_for):
    page = client_for(cast.teammate).get("/i/law/settings/general/")
    assert page.status_code == 403
    assert f"{PAGE}?part&amp;instance=law" in page.text


def test_page_names_administrators_of_the_instance_and_the_organisation(cast, client_for, dean):
    for query in ({"instance": "law"}, {"instance": "law", "part": ""}):
        text = client_for(cast.teammate).get(PAGE, query).text
        assert cast.owner.display_name in text
        assert f"mailto:{cast.owner.email}" in text
        assert "Denise Doyen" in text
    elsewhere = client_for(cast.teammate).get(PAGE).text
    assert "Denise Doyen" in elsewhere
    assert cast.owner.email not in elsewhere


def test_support_contact_of_the_organisation_stands_for_its_administrators(cast, client_for, dean):
    Organisation.objects.update(support_contact="aide@univ.example")
    text = client_for(cast.teammate).get(PAGE).text
    assert "mailto:aide@univ.example" in text
    assert "Denise Doyen" not in text


def test_stranger_learns_nothing(cast, client_for, client, dean):
    for query in ({"instance": "law"}, {"instance": "no-such"}):
        text = client_for(cast.stranger).get(PAGE, query).text
        assert "Faculté" not in text
        assert "Denise" not in text
        assert cast.owner.email not in text
    assert client.get(PAGE, {"instance": "law"}).status_code == 302
    page = client.get("/i/law/", follow=True)
    assert PAGE not in page.text
    assert PAGE not in client.get("/nowhere/").text


def test_person_without_an_instance_is_sent_to_the_site(db, client_for, settings):
    UserFactory(is_staff=True, first_name="Odile", last_name="Ops")
    newcomer = client_for(UserFactory())
    assert "Odile Ops" in newcomer.get(PAGE).text
    settings.SUPPORT_CONTACT = "help@rag.example"
    text = newcomer.get(PAGE).text
    assert "help@rag.example" in text
    assert "Odile" not in text
