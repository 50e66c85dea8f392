"""The first steps in a new instance."""

import pytest
from django.urls import reverse

from instances.models import Instance
from tests.administration.request_data import REQUEST
from tests.factories import DocumentFactory, OrganisationFactory, UserFactory

URL = "/i/law/settings/first-steps/"


def test_creator_is_shown_the_first_steps(client_for, db):
    operator = UserFactory(is_staff=True)
    home = client_for(operator).get("/").text
    assert "Create an organisation, then an instance in it." in home
    organisation = OrganisationFactory()
    form = REQUEST | {"organisation": organisation.pk}
    created = client_for(operator).post(reverse("administration:new_instance"), form)
    slug = Instance.objects.get().slug
    assert created.url == f"/i/{slug}/settings/first-steps/"
    page = client_for(operator).get(created.url).text
    for name in ("documents:list", "administration:member_add", "chat:new"):
        assert f'href="{reverse(name, args=[slug])}"' in page
    assert ">done<" not in page


def test_done_steps_are_marked(cast, client_for):
    DocumentFactory(instance=cast.instance)
    page = client_for(cast.owner).get(URL)
    assert (page.context["has_documents"], page.context["has_members"]) == (True, True)


@pytest.mark.parametrize(("person", "status"), [("editor", 403), ("stranger", 404)])
def test_first_steps_are_for_administrators(cast, client_for, person, status):
    assert client_for(getattr(cast, person)).get(URL).status_code == status
