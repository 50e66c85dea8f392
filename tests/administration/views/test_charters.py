"""The pages on which administrators publish usage charters, at each level."""

import csv
import io

import pytest
from asgiref.sync import sync_to_async
from django.urls import reverse

from instances.access import charters
from instances.models import AuditEntry, Charter
from instances.tenancy import overseeing
from tests.cast import make_cast
from tests.factories import OrganisationAdministratorFactory, UserFactory

LEVELS = ["instance", "organisation", "site"]


def administration(cast, level):
    """Who writes the charter of a level, and the arguments of its URLs."""
    if level == "instance":
        return cast.owner, ["law"]
    organisation = cast.instance.organisation
    if level == "organisation":
        dean = OrganisationAdministratorFactory(organisation=organisation).user
        return dean, [organisation.slug]
    return UserFactory(is_staff=True), []


@pytest.mark.parametrize("level", LEVELS)
def test_a_charter_is_previewed_published_accepted_and_withdrawn(cast, client_for, level):
    person, place = administration(cast, level)
    browser = client_for(person)

    def url(name, *arguments):
        return reverse(f"administration:{level}_{name}", args=[*place, *arguments])

    text = {"text_fr": "Soyez <b>prudents</b>.\n\nVérifiez.", "text_en": ""}
    preview = browser.post(url("charter_publish"), text | {"preview": "1"})
    assert "<p>Soyez &lt;b&gt;prudents&lt;/b&gt;.</p>" in preview.text
    assert not Charter.objects.exists()
    again = browser.post(url("charter_publish"), text | {"edit": "1"})
    assert again.context["form"]["text_fr"].value() == text["text_fr"]
    assert browser.post(url("charter_publish"), text | {"publish": "1"}).url == url("charter")

    member = client_for(cast.teammate)
    accepting = member.get("/i/law/").url
    assert accepting.startswith("/i/law/charter/")
    member.post(accepting, {"charter": [Charter.objects.get().pk]})
    assert member.get("/i/law/").status_code == 200
    if level == "instance":
        # Its administrators are under it as everybody.
        browser.post("/i/law/charter/", {"charter": [Charter.objects.get().pk]})
    page = browser.get(url("charter"))
    (version,) = page.context["versions"]
    assert version.n_accepted == (2 if level == "instance" else 1)
    shown = browser.get(url("charter_version", 1))
    assert cast.teammate in [one.user for one in shown.context["page"]]
    assert browser.get(url("charter_version", 2)).status_code == 404

    browser.post(url("charter_withdraw"))
    assert client_for(cast.editor).get("/i/law/").status_code == 200
    with overseeing():
        actions = list(AuditEntry.objects.order_by("at").values_list("action", flat=True))
    assert actions == ["charter.published", "charter.withdrawn"]


def test_charter_needs_a_text_in_one_language(cast, client_for):
    path = reverse("administration:instance_charter_publish", args=["law"])
    page = client_for(cast.owner).post(path, {"text_fr": " ", "publish": "1"})
    assert page.context["form"].non_field_errors()
    assert not Charter.objects.exists()


def test_new_version_starts_from_current_text(cast, client_for):
    charters.publish(instance=cast.instance, text_fr="Lisez.", text_en="Read.", user_id=None)
    charter = Charter.objects.get()
    charters.accept(user_id=cast.owner.pk, charters=[charter])
    page = client_for(cast.owner).get(
        reverse("administration:instance_charter_publish", args=["law"])
    )
    assert page.context["form"]["text_en"].value() == "Read."


def test_charters_of_other_levels_are_not_shown(cast, client_for):
    charters.publish(text_fr="Du site.", text_en="", user_id=None)
    charters.accept(user_id=cast.owner.pk, charters=list(Charter.objects.all()))
    page = client_for(cast.owner).get(reverse("administration:instance_charter", args=["law"]))
    assert page.context["versions"] == []


@pytest.mark.parametrize("person", ["editor", "teammate"])
def test_only_administrators_publish_charters(cast, client_for, person):
    path = reverse("administration:instance_charter_publish", args=["law"])
    form = {"text_fr": "Lisez.", "publish": "1"}
    assert client_for(getattr(cast, person)).post(path, form).status_code == 403


async def test_acceptances_are_exported_as_csv(transactional_db, async_client_for):
    def prepare():
        cast = make_cast()
        cast.teammate.last_name = "=cmd()"
        cast.teammate.save()
        version = charters.publish(text_fr="Lisez.", text_en="", user_id=None)
        for person in (cast.teammate, cast.editor):
            charters.accept(user_id=person.pk, charters=[version])
        return async_client_for(UserFactory(is_staff=True))

    client = await sync_to_async(prepare)()
    response = await client.get(reverse("administration:site_charter_acceptances", args=[1]))
    text = b"".join([piece async for piece in response.streaming_content]).decode()
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [row["username"] for row in rows] == ["teammate", "editor"]
    assert rows[0]["name"] == "'=cmd()"


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "/\\evil.example", "https://evil.example/", "javascript:alert(1)", "home"],
)
def test_acceptance_does_not_redirect_to_other_sites(cast, client_for, target):
    answer = client_for(cast.teammate).post("/i/law/charter/", {"next": target})
    assert answer.url == "/i/law/"


def test_charter_has_lists_and_links_but_no_html(cast, client_for):
    text = (
        "Lisez https://univ.example/regles.\n\n- un\n- deux\n\n"
        "[ici](https://univ.example/) <b>gras</b> [non](javascript:alert) # titre"
    )
    charters.publish(instance=cast.instance, text_fr=text, text_en="", user_id=None)
    page = client_for(cast.teammate).get("/i/law/charter/").text
    for part in (
        '<a href="https://univ.example/regles">https://univ.example/regles</a>.',
        "<li>un</li>",
        '<a href="https://univ.example/">ici</a>',
        "&lt;b&gt;gras",
    ):
        assert part in page
    assert 'href="javascript' not in page
