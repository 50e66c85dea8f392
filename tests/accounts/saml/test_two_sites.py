"""SameSite cookies in a real browser, between two host names over TLS."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import uvicorn
from allauth.socialaccount.models import SocialAccount
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from playwright.sync_api import BrowserContext, Page, Request, expect, sync_playwright

from accounts.models import LoginRule
from accounts.saml.metadata.feeds import add_single_idp
from people.models import User
from ragapp.asgi import application
from tests.accounts.saml.idps.forger import Idp
from tests.accounts.saml.tls import ScriptedIdp, make_certificate
from tests.browser.conftest import CHROMIUM, FLAGS, Server
from tests.factories import OrganisationFactory

SITE, IDP = "rag.example", "idp.univ-a.example"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    return make_certificate(tmp_path, [SITE, IDP])


@pytest.fixture
def site(certificate: tuple[Path, Path], settings: Any) -> Iterator[str]:
    """This site under its own name, with the cookies of production."""
    settings.ALLOWED_HOSTS = [SITE]
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    config = uvicorn.Config(
        ASGIStaticFilesHandler(application),
        port=0,
        lifespan="off",
        log_level="warning",
        timeout_graceful_shutdown=2,
        ssl_certfile=certificate[0],
        ssl_keyfile=str(certificate[1]),
    )
    server, listener = Server(config), config.bind_socket()
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    settings.SITE_URL = f"https://{SITE}:{listener.getsockname()[1]}"
    yield settings.SITE_URL
    server.should_exit = True
    thread.join(timeout=20)


@pytest.fixture
def idp(certificate: tuple[Path, Path], idp_a: Idp) -> Iterator[Idp]:
    """An IdP on another site, by which people may log in."""
    scripted = ScriptedIdp(idp_a, *certificate)
    idp = replace(idp_a, sso_url=f"https://{IDP}:{scripted.port}/sso")
    row = add_single_idp(idp.metadata().encode())
    LoginRule.objects.create(organisation=OrganisationFactory(), identity_provider=row)
    yield idp
    scripted.stop()


@pytest.fixture
def open_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """``open_browser(cookies=…)``: a browser to which both names are this machine."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    contexts: list[BrowserContext] = []
    with sync_playwright() as playwright:

        def open_one(*, cookies: bool = True) -> BrowserContext:
            profile = tmp_path / "profile"
            (profile / "Default").mkdir(parents=True)
            blocked = {"profile": {"default_content_setting_values": {"cookies": 2}}}
            (profile / "Default" / "Preferences").write_text(json.dumps({} if cookies else blocked))
            context = playwright.chromium.launch_persistent_context(
                profile,
                executable_path=CHROMIUM,
                args=[*FLAGS, f"--host-resolver-rules=MAP {SITE} 127.0.0.1,MAP {IDP} 127.0.0.1"],
                ignore_https_errors=True,
                locale="en-GB",
            )
            contexts.append(context)
            return context

        yield open_one
        for context in contexts:
            context.close()


def log_in(page: Page, site: str) -> None:
    page.goto(f"{site}/saml/?next=/accounts/profile/")
    page.get_by_role("link", name="Université A").click()
    page.get_by_role("button", name="Continue").click()


def test_response_is_posted_without_cookies_and_finished_with_them(
    site: str, idp: Idp, open_browser: Any
) -> None:
    page = open_browser().new_page()
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    log_in(page, site)
    page.wait_for_url(f"{site}/accounts/profile/")
    (posted,) = [each for each in asked if each.url == f"{site}/saml/acs/"]
    (finished,) = [each for each in asked if "/saml/finish/" in each.url]
    # A cross-site POST has no Lax cookies; the redirection to the same site, by GET, has them.
    assert "cookie" not in posted.all_headers()
    assert "saml_browser=" in finished.all_headers()["cookie"]
    assert SocialAccount.objects.get().extra_data["identifier"] == "alice@univ-a.example"
    session = {each["name"]: each for each in page.context.cookies()}["sessionid"]
    assert (session["sameSite"], session["secure"], session["httpOnly"]) == ("Lax", True, True)
    assert session["domain"] == SITE


def test_browser_without_cookies_gets_failure_page(site: str, idp: Idp, open_browser: Any) -> None:
    page = open_browser(cookies=False).new_page()
    log_in(page, site)
    expect(page.locator("[data-code=cookie]")).to_be_visible()
    assert not User.objects.exists()


def test_back_button_after_login_shows_failure_page(site: str, idp: Idp, open_browser: Any) -> None:
    """The IdP's page, gone back to, posts its answer again."""
    page = open_browser().new_page()
    log_in(page, site)
    page.wait_for_url(f"{site}/accounts/profile/")
    page.go_back()
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("[data-code=used]")).to_be_visible()
    expect(page.get_by_role("link", name="Back to my instances")).to_be_visible()
    page.goto(f"{site}/accounts/profile/")
    assert "/login/" not in page.url
    assert User.objects.count() == 1
