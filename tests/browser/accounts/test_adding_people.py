"""Adding people in a real browser, with confirmation; accessibility checked by axe."""

import pytest
from playwright.sync_api import expect

from tests.adding_members import make_colleague
from tests.browser.test_administration import is_accessible
from tests.cast import make_cast
from tests.factories import OrganisationAdministratorFactory


@pytest.fixture
def cast(transactional_db):
    cast = make_cast()
    organisation = cast.instance.organisation
    OrganisationAdministratorFactory(organisation=organisation, user=cast.owner)
    for first_name, last_name in (("Ada", "Lovelace"), ("Émilie", "du Châtelet")):
        make_colleague(
            organisation,
            username=f"{first_name}.{last_name.split()[-1]}@university-of-somewhere.example",
            first_name=first_name,
            last_name=last_name,
        )
    return cast


@pytest.mark.parametrize(
    ("locale", "scheme", "width"),
    [("fr-FR", "light", 1440), ("en-GB", "dark", 390)],
    ids=["french wide", "english narrow"],
)
def test_pages_that_show_people_are_accessible(page_for, axe, cast, locale, scheme, width):
    ada = "ada.lovelace@university-of-somewhere.example"
    page = page_for(cast.owner, locale=locale, scheme=scheme, width=width)
    slug = cast.instance.organisation.slug
    for path in ("/i/law/settings/members/add/", f"/o/{slug}/administrators/"):
        page.goto(path)
        page.locator("[name=identifier]").fill(ada)
        page.locator("[name=identifier]").press("Enter")
        expect(page.locator("[name=person]")).to_have_count(1)
        is_accessible(page, axe)
    page.goto("/i/law/settings/members/add/")
    page.locator("[name=identifier]").fill("nobody@univ-b.example")
    page.locator("[name=identifier]").press("Enter")
    expect(page.locator(".notice a[href*='invitations/create']")).to_have_count(1)
    is_accessible(page, axe)
    page.goto(f"/o/{slug}/instances/law/")
    page.locator("summary").last.click()
    page.locator("[name=identifier]").fill(ada)
    page.locator("[name=identifier]").press("Enter")
    expect(page.locator("[name=person]")).to_have_count(1)
    is_accessible(page, axe)
    page.goto("/i/law/settings/members/import/")
    page.locator("[name=people]").fill(f"{ada}, editor\nnobody@univ-b.example\nteammate")
    page.locator("form.settings-form [type=submit]").click()
    expect(page.locator("[name=person]")).to_have_count(1)
    is_accessible(page, axe)


def test_person_is_added_only_after_confirmation(page_for, cast):
    page = page_for(cast.owner)
    page.goto("/i/law/settings/members/add/")
    page.get_by_label("User name or e-mail address").fill(
        "Ada.Lovelace@university-of-somewhere.example"
    )
    page.get_by_label("Role").select_option("editor")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Is this the right person?")).to_be_visible()
    page.get_by_role("button", name="Yes, add this person").click()
    expect(page.get_by_text("Ada Lovelace was added.")).to_be_visible()
    page.goto("/i/law/settings/members/import/")
    page.locator("[name=people]").fill("nobody\nemilie.chatelet@univ-b.example")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("None of these people can be added.")).to_be_visible()
