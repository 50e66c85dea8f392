"""The import of members from a list."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from instances.models import Membership
from instances.tenancy import tenant
from tests.adding_members import import_all, make_colleague


def url(name, *args):
    return reverse(f"administration:{name}", args=["law", *args])


def roles(instance) -> dict[str, str]:
    with tenant(instance):
        return dict(Membership.objects.for_instance(instance).values_list("user__username", "role"))


def test_import_needs_a_constant_number_of_queries(cast, client_for):
    counts = []
    for start, number in ((0, 2), (2, 120)):
        names = [f"p{n}" for n in range(start, start + number)]
        for name in names:
            make_colleague(cast.instance.organisation, username=name)
        owner = client_for(cast.owner)
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            page = import_all(owner, url("member_import"), "\n".join(names))
        assert page.context["added_count"] == number
        counts.append(len(queries))
    # The statistics of the members' use are written once in ten minutes.
    assert counts[1] <= counts[0]


@pytest.mark.parametrize(
    ("written", "role"),
    [
        ("Éditrice", "editor"),
        ("Stagiaire", None),
        ("éditeur", "editor"),
        ("Editeur", "editor"),
        ("Invité", "guest"),
        ("administrateur", "admin"),
        ("Administrator", "admin"),
        ("", "member"),
    ],
)
def test_import_reads_roles_in_every_language(cast, client_for, written, role):
    make_colleague(cast.instance.organisation, username="ada")
    import_all(client_for(cast.owner), url("member_import"), f"Identifiant;Rôle\nada;{written}")
    assert roles(cast.instance).get("ada") == role


def test_import_adds_confirmed_people_only(cast, client_for):
    ada = make_colleague(cast.instance.organisation, username="ada", first_name="Augusta")
    owner = client_for(cast.owner)
    assert owner.get(url("member_import")).status_code == 200
    asked = owner.post(url("member_import"), {"people": "ada\nnobody\n"})
    assert "Augusta" in asked.text
    assert "ada" not in roles(cast.instance)
    unticked = {"people": "ada", "confirmed": "1", "person": [cast.stranger.pk]}
    assert owner.post(url("member_import"), unticked).context["added_count"] == 0
    confirmed = {"people": "ada\nnobody\n", "confirmed": "1", "person": [ada.pk]}
    page = owner.post(url("member_import"), confirmed)
    assert page.context["added_count"] == 1
    assert "nobody" in page.text
    cache.clear()
    assert owner.post(url("member_import"), {"people": " "}).context["form"].errors
