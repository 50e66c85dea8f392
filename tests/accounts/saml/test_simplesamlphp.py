"""Two real SimpleSAMLphp and a real browser: discovery, login, logout.

The site is ``localhost``, the IdPs are ``127.0.0.2`` and ``127.0.0.3``: for the browser these are
three sites, so SameSite cookies stay behind when an IdP posts its answer.
"""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from playwright.sync_api import Browser, Page, expect

from accounts.models import IdentityProvider, LoginRule, SamlSession
from accounts.saml.metadata.feeds import add_single_idp
from accounts.saml.service_provider import service_provider
from instances.access.charters import publish
from instances.models import AccessRule, Membership
from instances.tenancy import tenant
from tests.accounts.saml.idps.forger import Keys
from tests.accounts.saml.idps.simplesamlphp import MISSING, PACKAGES, SimpleSamlPhp
from tests.browser.conftest import browser, site  # noqa: F401 (fixtures)
from tests.factories import AccessRuleFactory, InstanceFactory, OrganisationFactory

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(MISSING, reason=f"not installed: apt-get install {PACKAGES}"),
]


def free_address(host: str) -> str:
    with socket.socket() as listener:
        listener.bind((host, 0))
        return f"{host}:{listener.getsockname()[1]}"


def person(name: str, scope: str, affiliation: str) -> dict[str, list[str]]:
    return {
        "urn:oasis:names:tc:SAML:attribute:subject-id": [f"{name}@{scope}"],
        "eduPersonPrincipalName": [f"{name}@{scope}"],
        "eduPersonScopedAffiliation": [f"{affiliation}@{scope}"],
        "displayName": [name.capitalize()],
    }


@pytest.fixture
def site_url(site: str, settings: Any) -> str:  # noqa: F811
    settings.SITE_URL = site.replace("127.0.0.1", "localhost")
    return str(settings.SITE_URL)


@pytest.fixture
def idps(site_url: str, tmp_path: Path, all_keys: dict[str, Keys]) -> Iterator[list[SimpleSamlPhp]]:
    """Two universities' IdPs, the second of which encrypts; both may log in."""
    servers = []
    for number, scope in ((2, "univ-a.example"), (3, "univ-b.example")):
        server = SimpleSamlPhp(
            folder=tmp_path / scope,
            address=free_address(f"127.0.0.{number}"),
            entity_id=f"https://idp.{scope}/idp",
            scope=scope,
            name=f"Université {scope[5].upper()}",
            sp=service_provider(),
            people={
                "alice": person("alice", scope, "staff"),
                "zoe": person("zoe", scope, "student"),
            },
            encrypt_for=all_keys["sp"] if number == 3 else None,
        )
        servers.append(server)
    try:
        for server in servers:
            server.start()
            row = add_single_idp(server.metadata())
            LoginRule.objects.create(organisation=OrganisationFactory(), identity_provider=row)
        yield servers
    finally:
        for server in servers:
            server.stop()


@pytest.fixture
def page(browser: Browser, site_url: str) -> Iterator[Page]:  # noqa: F811
    context = browser.new_context(base_url=site_url, locale="en-GB")
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def log_in(page: Page, idp: SimpleSamlPhp, name: str, *, then: str = "/accounts/profile/") -> None:
    """From our login page to wherever the IdP's answer leads."""
    page.goto(f"/accounts/login/?next={then}")
    page.locator(".login-institution").click()
    page.locator("institution-search:defined").wait_for()
    page.get_by_role("searchbox").fill(f"{name}@{idp.scope}")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{idp.base_url}**")
    page.locator("#username").fill(name)
    page.locator("#password").fill("secret")
    page.locator("#password").press("Enter")


@pytest.mark.parametrize("number", [0, 1], ids=["plain", "encrypted"])
def test_discovery_login_and_logout(page, idps, site_url, number):
    idp = idps[number]
    log_in(page, idp, "alice")
    page.wait_for_url(f"{site_url}/accounts/profile/")
    account = SocialAccount.objects.get()
    assert account.extra_data["identifier"] == f"alice@{idp.scope}"
    assert account.extra_data["issuer"] == idp.entity_id
    page.evaluate("document.querySelector('form[action=\"/saml/logout/\"]').requestSubmit()")
    page.wait_for_url(f"{site_url}/accounts/login/")
    assert not SamlSession.objects.exists()
    # At the institution too: it asks for the password again.
    page.goto("/saml/?next=/accounts/profile/")
    page.get_by_role("link", name=idp.name).click()
    expect(page.locator("#password")).to_be_visible()


@pytest.mark.parametrize("number", [0, 1], ids=["plain", "encrypted"])
def test_login_leads_by_charter_to_instance(page, idps, site_url, number):
    """Nobody has invited Alice: she is of the organisation, which is let in."""
    organisation = LoginRule.objects.get(
        identity_provider__entity_id=idps[number].entity_id
    ).organisation
    instance = InstanceFactory(slug="law", organisation=organisation)
    AccessRuleFactory(instance=instance, audience=AccessRule.Audience.ORGANISATION)
    with tenant(instance):
        publish(instance=instance, text_fr="Soyez sages.", text_en="Be good.", user_id=None)
    log_in(page, idps[number], "alice", then="/i/law/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Usage charter")
    page.get_by_role("button", name="accept").click()
    page.wait_for_url(f"{site_url}/i/law/**")
    assert "/charter/" not in page.url
    with tenant(instance):
        membership = Membership.objects.for_instance(instance).get()
    assert membership.role == Membership.Role.MEMBER
    assert membership.user == SocialAccount.objects.get().user


def test_students_are_refused(page, idps):
    log_in(page, idps[0], "zoe")
    expect(page.locator("[data-code=affiliation]")).to_be_visible()
    assert not SocialAccount.objects.exists()


def test_back_button_after_login_shows_failure_page(page, idps, site_url):
    log_in(page, idps[0], "alice")
    page.wait_for_url(f"{site_url}/accounts/profile/")
    page.goto("/saml/finish/?token=used")
    expect(page.locator("[data-code=used]")).to_be_visible()
    page.goto("/accounts/profile/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "/login/" not in page.url


def test_idp_disabled_during_login_is_refused(page, idps):
    page.goto("/saml/")
    page.get_by_role("link", name=idps[0].name).click()
    expect(page.locator("#password")).to_be_visible()
    IdentityProvider.objects.update(is_enabled=False)
    page.locator("#username").fill("alice")
    page.locator("#password").fill("secret")
    page.locator("#password").press("Enter")
    expect(page.locator("[data-code=idp_blocked]")).to_be_visible()
    assert not SocialAccount.objects.exists()
