"""An operator's first steps in a real browser; accessibility of all administration pages."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.users.first_administrator import create_first_administrator
from tests.cast import make_cast
from tests.factories import (
    ApiKeyFactory,
    DocumentFactory,
    FeedbackFactory,
    MembershipFactory,
    MessageFactory,
    UserFactory,
)
from tests.usage.factories import QuotaFactory
from tests.usage.generated import make_records
from usage.rollups.calendar import midnight
from usage.tasks import roll_up_days

SETTINGS = "/i/law/settings"
WIDE = 900
BACKGROUND = "element => getComputedStyle(element).backgroundColor"
PAGES = [
    "/",
    "/accounts/profile/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/organisations/new/",
    "/instances/new/",
    f"{SETTINGS}/first-steps/",
    f"{SETTINGS}/general/",
    f"{SETTINGS}/members/",
    f"{SETTINGS}/members/add/",
    f"{SETTINGS}/members/create/",
    f"{SETTINGS}/answers/",
    f"{SETTINGS}/keys/",
    f"{SETTINGS}/keys/create/",
    f"{SETTINGS}/lifecycle/",
    "/i/law/ratings/",
    "/i/law/usage/",
    "/i/law/usage/own/?length=year",
    "/nowhere/",
    "/api/docs",
]


def test_first_administrator_logs_in_and_adds_a_member(page_for, transactional_db):
    credentials = create_first_administrator()
    UserFactory(username="ada", first_name="Ada", last_name="Lovelace")
    page = page_for(None, locale="en-GB")
    page.goto("/")
    page.get_by_label("User name or e-mail address").fill(credentials.username)
    page.get_by_label("Password").fill(credentials.password)
    page.get_by_role("button", name="Log in").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Choose your password")
    page.get_by_label("Current Password").fill(credentials.password)
    page.locator("[name=password1]").fill("only I know this one")
    page.locator("[name=password2]").fill("only I know this one")
    page.get_by_role("button", name="Change password").click()

    page.get_by_role("link", name="New instance").click()
    page.get_by_label("Name", exact=True).fill("Research support")
    page.get_by_label("Purpose").fill("Questions about projects and contracts.")
    page.get_by_role("button", name="Create the instance").click()
    expect(page).to_have_url(re.compile("/i/research-support/settings/first-steps/$"))

    page.get_by_role("link", name="Members").click()
    page.get_by_role("link", name="Add a member").click()
    page.get_by_label("User name or e-mail address").fill("ada")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Yes, add this person").click()
    expect(page.get_by_text("Ada Lovelace was added.")).to_be_visible()

    page.get_by_role("button", name="Remove Ada Lovelace").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Ada Lovelace was removed.")).to_be_visible()
    expect(page.locator("[data-message]")).to_be_focused()


def test_theme_and_language_choice_is_remembered(page_for, transactional_db):
    person = UserFactory()
    page = page_for(person, locale="fr-FR")
    page.goto("/")
    page.locator("[popovertarget=person-menu]").click()
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.locator("[popovertarget=person-menu]").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_refused_form_leads_to_what_is_wrong(page_for, transactional_db):
    cast = make_cast()
    page = page_for(cast.owner)
    page.goto(f"{SETTINGS}/quotas/new/")
    page.locator("[name=amount]").fill("1.5")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[name=amount][aria-invalid=true]")).to_be_focused()


def is_accessible(page, axe) -> None:
    expect(page.locator("h1")).to_have_count(1)
    assert axe(page) == [], page.url
    content, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert content <= window, f"{page.url} scrolls sideways"
    clipped = page.locator(".tabs").evaluate_all(
        "bars => bars.some(bar => bar.scrollWidth > bar.clientWidth)"
    )
    # On narrow screens, tabs scroll.
    assert not clipped or window < WIDE, f"{page.url} cuts its tabs off"


@pytest.mark.parametrize(
    ("locale", "scheme", "width"),
    [("fr-FR", "light", 1440), ("en-GB", "dark", 390), ("fr-FR", "dark", 320)],
)
def test_administration_pages_are_accessible(
    page_for, axe, transactional_db, locale, scheme, width
):
    cast = make_cast()
    cast.owner.is_staff = True
    cast.owner.save()
    DocumentFactory(instance=cast.instance)
    question = MessageFactory(instance=cast.instance)
    answer = MessageFactory(
        instance=cast.instance,
        conversation=question.conversation,
        parent=question,
        role="assistant",
        content="At nine [1].",
    )
    FeedbackFactory(instance=cast.instance, message=answer, helpful=False, comment="Outdated.")
    QuotaFactory(instance=cast.instance, per="member", amount=100)
    ApiKeyFactory(instance=cast.instance, created_by=cast.owner, name="A very long name " * 4)
    make_records(
        cast.instance, 40, since=midnight(timezone.localdate()), days=1, people=[cast.owner]
    )
    roll_up_days()
    page = page_for(cast.owner, locale=locale, scheme=scheme, width=width)
    for path in PAGES:
        page.goto(path)
        is_accessible(page, axe)


@pytest.mark.parametrize(
    ("path", "links"),
    [
        (f"{SETTINGS}/members/", ".tabs a"),
        ("/i/law/usage/", ".usage-period nav a"),
        ("/i/law/documents/", ".pager-numbers a"),
        ("/operation/login-rules/", ".console-parts a"),
    ],
    ids=["tabs", "period", "pager", "parts"],
)
def test_forced_colours_show_which_link_is_current(page_for, transactional_db, path, links):
    cast = make_cast()
    operator = UserFactory(is_superuser=True, is_staff=True)
    for n in range(51):
        DocumentFactory(instance=cast.instance, name=f"{n}.txt")
    page = page_for(operator if path.startswith("/operation") else cast.owner)
    page.emulate_media(forced_colors="active")
    page.goto(path)
    styles = page.locator(links).evaluate_all(
        "links => links.map((a) => [a.ariaCurrent !== null, getComputedStyle(a).outlineStyle])"
    )
    assert {is_current for is_current, _style in styles} == {True, False}
    assert all((style == "solid") == is_current for is_current, style in styles)


@pytest.mark.parametrize("locale", ["fr-FR", "en-GB"])
def test_long_list_has_page_numbers_and_a_header_that_stays(
    page_for, axe, transactional_db, locale
):
    cast = make_cast()
    for n in range(60):
        MembershipFactory(instance=cast.instance, user__last_name=f"Member-{n:02}")
    page = page_for(cast.owner, locale=locale, width=1200)
    page.goto(f"{SETTINGS}/members/")
    page.locator("tbody tr").nth(30).scroll_into_view_if_needed()
    expect(page.get_by_role("columnheader").first).to_be_in_viewport()
    assert page.locator("main").evaluate("main => main.scrollWidth <= main.clientWidth")
    assert axe(page) == []
    page.get_by_role("link", name="Page 2").click()
    expect(page.get_by_role("link", name="Page 2")).to_have_attribute("aria-current", "page")
    expect(page.locator("tbody tr").first).to_be_visible()


def test_forced_colours_tell_the_keys_of_charts_apart(page_for, transactional_db):
    cast = make_cast()
    make_records(
        cast.instance, 40, since=midnight(timezone.localdate()), days=1, people=[cast.owner]
    )
    roll_up_days()
    page = page_for(cast.owner)
    page.emulate_media(forced_colors="active")
    page.goto("/i/law/usage/")
    keys = page.locator(".usage-key").evaluate_all(f"keys => keys.map({BACKGROUND})")
    assert len(set(keys)) == len(keys) >= 2
    page.goto("/i/law/")
    assert page.locator(".composer").evaluate(BACKGROUND) != "rgba(0, 0, 0, 0)"


@pytest.mark.parametrize("locale", ["fr-FR", "en-GB"])
def test_login_pages_are_accessible(page_for, axe, transactional_db, locale):
    page = page_for(None, locale=locale, width=320)
    for path in ("/accounts/login/", "/accounts/password/reset/", "/accounts/signup/"):
        page.goto(path)
        is_accessible(page, axe)
