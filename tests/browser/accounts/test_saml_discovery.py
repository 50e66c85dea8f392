"""Discovery of institutions in a real browser, by keyboard and without JavaScript."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.logins.models.login_rules import LoginRule
from accounts.models import IdentityProvider, MetadataFeed
from accounts.saml.discovery import fold
from tests.factories import OrganisationFactory

NAMES = {
    "univ-lyon.example": "Université de Lyon",
    "univ-nantes.example": "Nantes Université",
    "ens.example": "École normale supérieure",
    "uni-muenchen.example": "Ludwig-Maximilians-Universität München",
}


def add_institution(feed: MetadataFeed, domain: str, name: str) -> IdentityProvider:
    return IdentityProvider(
        feed=feed,
        entity_id=f"https://idp.{domain}/idp",
        names={"fr": name},
        search_text=fold(f"{name} {domain}"),
        scopes=[domain],
        sso_url=f"https://idp.{domain}/sso",
    )


@pytest.fixture
def feed(transactional_db: None, settings: Any) -> MetadataFeed:
    """A federation of many institutions, four of them with distinct names."""
    feed = MetadataFeed.objects.create(
        name="Federation", url="https://f.example", valid_until="2100-01-01T00:00:00Z"
    )
    rows = [add_institution(feed, domain, name) for domain, name in NAMES.items()]
    rows += [add_institution(feed, f"i{n}.example", f"Institut {n}") for n in range(40)]
    IdentityProvider.objects.bulk_create(rows)
    LoginRule.objects.create(organisation=OrganisationFactory(), feed=feed)
    return feed


@pytest.fixture
def page(feed: MetadataFeed, page_for: Callable[..., Page]) -> Page:
    page = page_for(None)
    page.goto("/saml/?next=/i/law/")
    page.locator("institution-search:defined").wait_for()
    return page


def found(page: Page) -> Any:
    return page.locator(".institutions a")


def test_institutions_are_filtered_while_typing(
    page: Page, axe: Callable[[Page], list[str]]
) -> None:
    expect(found(page)).to_have_count(30)
    page.keyboard.type("ecole NORMALE")
    expect(found(page)).to_have_count(1)
    expect(found(page)).to_contain_text("École normale supérieure")
    expect(page.locator("institution-search [role=status]")).to_have_text("1 institution")
    assert "next=%2Fi%2Flaw%2F" in (found(page).get_attribute("href") or "")
    assert axe(page) == []


@pytest.mark.parametrize(
    "typed", ["univ-lyon.example", "zoe@univ-lyon.example", "zoe@etu.lab.univ-lyon.example"]
)
def test_institution_is_found_by_domain(page: Page, typed: str) -> None:
    page.keyboard.type(typed)
    expect(found(page)).to_have_count(1)
    expect(found(page)).to_contain_text("Université de Lyon")


def test_message_when_no_institution_matches(page: Page, axe: Callable[[Page], list[str]]) -> None:
    page.keyboard.type("zzz")
    expect(page.locator("institution-search [role=status]")).to_have_text("No institution found")
    expect(found(page)).to_have_count(0)
    assert axe(page) == []


def test_institution_can_be_chosen_by_keyboard(page: Page) -> None:
    page.keyboard.type("universit")
    expect(found(page)).to_have_count(3)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(found(page).nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_enter_selects_the_only_match(page: Page) -> None:
    page.keyboard.type("nantes")
    with page.expect_request("**/saml/login/**") as asked:
        page.keyboard.press("Enter")
    provider = IdentityProvider.objects.get(scopes=["univ-nantes.example"])
    assert f"/saml/login/{provider.pk}/" in asked.value.url


def test_discovery_works_without_javascript(
    browser: Browser, site: str, feed: MetadataFeed
) -> None:
    context = browser.new_context(base_url=site, java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto("/saml/")
    page.get_by_role("searchbox").fill("lyon")
    page.get_by_role("button", name="Search").click()
    expect(found(page)).to_have_count(1)
    context.close()


def test_discovery_is_accessible_in_a_narrow_dark_window(
    feed: MetadataFeed, page_for: Callable[..., Page], axe: Callable[[Page], list[str]]
) -> None:
    page = page_for(None, scheme="dark", width=390, height=800)
    page.goto("/saml/")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_failure_page_is_accessible(
    page_for: Callable[..., Page], axe: Callable[[Page], list[str]], scheme: str, width: int
) -> None:
    page = page_for(None, scheme=scheme, width=width)
    page.goto("/saml/finish/?token=used")
    expect(page.locator("[data-code=used]")).to_be_visible()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
