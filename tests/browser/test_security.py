"""Second factors and ways to log in, in a real browser with a virtual security key."""

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from accounts.users.takeover import record_issued_password
from instances.access.api_keys import create_api_key
from instances.models import Instance
from people.models import User
from tests.factories import PASSWORD, MembershipFactory, UserFactory


@pytest.fixture
def site(site: str, settings: Any) -> str:
    """By ``localhost``, where browsers allow WebAuthn without https."""
    settings.SITE_URL = site.replace("127.0.0.1", "localhost")
    return str(settings.SITE_URL)


@pytest.fixture
def ada(transactional_db: None) -> User:
    return UserFactory(username="ada", first_name="Ada", last_name="Lovelace")


def plug_in(page: Page, *, resident: bool) -> None:
    """A virtual key whose user confirms every prompt."""
    client = page.context.new_cdp_session(page)
    client.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal" if resident else "usb",
        "hasResidentKey": resident,
        "hasUserVerification": resident,
        "isUserVerified": resident,
        "automaticPresenceSimulation": True,
    }
    client.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def give_password(page: Page) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("User name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def add_key(page: Page, name: str) -> None:
    page.goto("/accounts/2fa/webauthn/add/")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name of the key").fill(name)


def log_out(page: Page) -> None:
    page.context.clear_cookies(name="sessionid")


def test_passkey_logs_in_without_password(page_for: Callable[..., Page], ada: User) -> None:
    page = page_for(None)
    plug_in(page, resident=True)
    give_password(page)
    add_key(page, "My laptop")
    page.get_by_label("Log in with it alone").check()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    log_out(page)
    page.goto("/accounts/login/?next=/accounts/profile/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile("/accounts/profile/$"))
    expect(page.get_by_text("ada", exact=True)).to_be_visible()


def test_security_key_is_a_second_factor(page_for: Callable[..., Page], ada: User) -> None:
    page = page_for(None)
    plug_in(page, resident=False)
    give_password(page)
    add_key(page, "USB key")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    log_out(page)
    give_password(page)
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    page.get_by_role("button", name="Use a security key").click()
    expect(page).to_have_url(re.compile("/$"))


def test_passkey_cannot_log_in_to_an_institutional_account(
    page_for: Callable[..., Page], ada: User
) -> None:
    page = page_for(None)
    plug_in(page, resident=True)
    give_password(page)
    add_key(page, "My laptop")
    page.get_by_label("Log in with it alone").check()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    ada.set_unusable_password()
    ada.save()
    log_out(page)
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("This code or key is not right")).to_be_visible()
    assert Authenticator.objects.filter(user=ada, type="webauthn").exists()


def test_cancelled_security_key_prompt_shows_a_message(
    page_for: Callable[..., Page], ada: User
) -> None:
    page = page_for(None)
    page.goto("/accounts/login/")
    page.evaluate("() => { navigator.credentials.get = () => Promise.reject(new Error()) }")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert").filter(has_text="The key was not used")).to_be_visible()


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/login/",
        "/accounts/logins/",
        "/accounts/2fa/",
        "/accounts/second-factor/",
        "/accounts/reauthenticate/",
        "/accounts/2fa/webauthn/",
    ],
)
def test_pages_pass_axe(
    page_for: Callable[..., Page], axe: Callable[[Page], list[str]], ada: User, path: str
) -> None:
    page: Any = page_for(None if "login/" in path else ada, width=390, height=844)
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert axe(page) == []


@pytest.mark.parametrize("locale", ["fr-FR", "en-GB"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_account_and_key_notices_are_readable(
    page_for: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    ada: User,
    settings: Any,
    locale: str,
    scheme: str,
    width: int,
) -> None:
    instance = MembershipFactory(user=ada, role="member", instance__slug="law").instance
    create_api_key(instance=instance, name="Script", scope="chat", created_by=ada)
    record_issued_password(ada, by=UserFactory(username="operator", is_staff=True))
    User.objects.filter(pk=ada.pk).update(must_change_password=False)
    page = page_for(
        User.objects.get(pk=ada.pk), locale=locale, scheme=scheme, width=width, height=844
    )
    page.goto("/")
    expect(page.locator(".notice-warning")).to_contain_text("(operator)")
    assert axe(page) == []
    # The gate was enabled after the key was created; its owner has logged in with a second factor.
    Authenticator.objects.create(user=ada, type="totp", data={})
    Instance.objects.filter(pk=instance.pk).update(second_factor="everyone")
    store = import_module(settings.SESSION_ENGINE).SessionStore(Session.objects.get().session_key)
    store["account_authentication_methods"] = [{"method": "mfa"}]
    store.save()
    page.goto("/i/law/settings/keys/")
    expect(page.locator(".badge-warning")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("button", name=re.compile("Confirm")).click()
    expect(page.locator(".badge-success")).to_be_visible()
    assert axe(page) == []
