"""A real OpenID Connect provider in a real browser: login, signed userinfo, linking, logout."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from playwright.sync_api import Browser, Page, expect

from accounts.models import LoginRule
from accounts.oidc.registration import add_provider, after_logout_url, callback_url, problems
from people.models import User
from tests.accounts.oidc.real_provider import running_provider
from tests.factories import PASSWORD, OrganisationFactory, UserFactory


@pytest.fixture
def site(site: str, settings: Any) -> str:
    settings.SITE_URL = site.replace("127.0.0.1", "localhost")
    return str(settings.SITE_URL)


@pytest.fixture
def rule(site: str) -> Iterator[LoginRule]:
    """A login rule that admits everybody of a running provider."""
    with running_provider(callback_url("keycloak"), after_logout_url()) as issuer:
        app = add_provider(
            slug="keycloak",
            name="Université A",
            issuer=issuer,
            client_id="ragapp",
            client_secret="a-secret-of-the-client",
        )
        yield LoginRule.objects.create(
            organisation=OrganisationFactory(), oidc_provider=app, affiliations=[]
        )


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """A page that may request the provider's site."""
    context = browser.new_context(base_url=site, locale="en-GB")
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda told: refused.append(told.text) if "Policy" in told.text else None)
    yield page
    context.close()
    assert not refused


def log_in_there(page: Page, name: str) -> None:
    page.get_by_placeholder("Enter any login").fill(name)
    page.get_by_placeholder("and password").fill("x")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()


def test_login_and_logout(page: Page, rule: LoginRule) -> None:
    page.goto("/accounts/login/")
    page.get_by_role("link", name="Log in with Université A").click()
    log_in_there(page, "petit")
    expect(page.get_by_role("button", name="Zoé petit")).to_be_visible()
    account = SocialAccount.objects.get()
    assert (account.provider, account.uid) == ("keycloak", "petit")
    # Only the userinfo contains it, and only as a signed JWT.
    assert account.extra_data["attributes"]["siret"] == ["123"]
    page.get_by_role("button", name="Zoé petit").click()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("button", name="Yes, sign me out").click()
    expect(page).to_have_url(re.compile("/accounts/login/"))
    expect(page.get_by_role("heading", name="Log in", exact=True)).to_be_visible()


def test_login_is_refused_by_a_login_rule(page: Page, rule: LoginRule) -> None:
    LoginRule.objects.update(required={"siret": ["another"]})
    page.goto("/accounts/oidc/keycloak/login/")
    log_in_there(page, "petit")
    expect(page.get_by_role("heading", name="You do not have access here")).to_be_visible()
    assert not User.objects.exists()


def test_login_can_be_cancelled_at_the_provider(page: Page, rule: LoginRule) -> None:
    page.goto("/accounts/oidc/keycloak/login/")
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading", name="You did not log in")).to_be_visible()


def test_reused_callback_fails_and_keeps_the_session(page: Page, rule: LoginRule) -> None:
    answers: list[str] = []
    page.on("request", lambda request: answers.append(request.url))
    page.goto("/accounts/oidc/keycloak/login/")
    log_in_there(page, "petit")
    expect(page.get_by_role("button", name="Zoé petit")).to_be_visible()
    page.goto(next(url for url in answers if "/callback/" in url))
    expect(page.get_by_role("heading", name="This login cannot continue")).to_be_visible()
    page.get_by_role("link", name="Back to my instances").click()
    expect(page.get_by_role("button", name="Zoé petit")).to_be_visible()


def test_provider_login_can_be_added_to_an_account(page: Page, rule: LoginRule) -> None:
    ada = UserFactory(username="ada", first_name="Ada", last_name="Lovelace")
    page.goto("/accounts/login/")
    page.get_by_label("User name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.goto("/accounts/logins/")
    page.get_by_role("button", name="Université A").click()
    log_in_there(page, "petit")
    expect(page.get_by_text("This login method was added.")).to_be_visible()
    assert SocialAccount.objects.get().user == ada
    page.get_by_role("button", name="Remove Université A").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("This login method was removed.")).to_be_visible()
    assert not SocialAccount.objects.exists()


def test_operator_sees_configuration_problems(rule: LoginRule, settings: Any) -> None:
    settings.SITE_URL = "https://rag.example"
    assert list(problems(rule.oidc_provider)) == []
    LoginRule.objects.update(is_enabled=False)
    assert "No enabled login rule" in " ".join(problems(rule.oidc_provider))
