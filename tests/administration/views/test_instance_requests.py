"""The pages on which people request an instance."""

from django.urls import reverse

from administration.instance_requests import (
    request_instance,
)
from instances.models import InstanceRequest
from tests.administration.request_data import REQUEST, audited_actions
from tests.factories import (
    OrganisationFactory,
    UserFactory,
)


def test_form_creates_a_pending_request(organisation, person, client_for):
    browser = client_for(person)
    page = browser.get(reverse("administration:new_instance"))
    assert "Send the request" in page.text
    form = REQUEST | {"organisation": organisation.pk}
    assert browser.post(reverse("administration:new_instance"), form).url == "/"
    home = browser.get("/").text
    assert "Research support" in home
    assert "Awaiting approval" in home
    again = browser.post(reverse("administration:new_instance"), form)
    assert "You have already requested" in again.text


def test_organisation_not_offered_is_refused(organisation, person, client_for):
    other = OrganisationFactory(creation_rule="open")
    form = REQUEST | {"organisation": other.pk}
    page = client_for(person).post(reverse("administration:new_instance"), form)
    assert page.context["form"].errors.keys() == {"organisation"}
    personal = client_for(person).post(
        reverse("administration:new_personal"), {"organisation": other.pk}
    )
    assert personal.status_code == 404
    assert not InstanceRequest.objects.exists()


def test_person_without_organisation_cannot_request(db, client_for):
    page = client_for(UserFactory()).get(reverse("administration:new_instance"))
    assert page.status_code == 403
    assert "Log in through your institution" in page.text


def test_only_the_requester_withdraws_a_request(organisation, person, client_for):
    asked = request_instance(user=person, organisation=organisation, **REQUEST)
    url = reverse("administration:request_withdraw", args=[asked.pk])
    assert client_for(UserFactory()).post(url).status_code == 404
    assert client_for(person).post(url).url == "/"
    asked.refresh_from_db()
    assert asked.status == "withdrawn"
    assert "Research support" not in client_for(person).get("/").text
    client_for(person).post(url)
    assert audited_actions(organisation).count("request.withdrawn") == 1


def test_personal_instance_is_created_from_home(organisation, person, client_for):
    browser = client_for(person)
    assert "Create my own space" in browser.get("/").text
    answer = browser.post(reverse("administration:new_personal"), {"organisation": organisation.pk})
    assert answer.url == reverse("documents:list", args=["personal-space-of-ada-lovelace"])
    home = browser.get("/").text
    assert "Create my own space" not in home
    assert "My own" in home
