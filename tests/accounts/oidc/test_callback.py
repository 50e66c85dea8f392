"""The callback is accepted once, in the same browser, from the same provider."""

from urllib.parse import quote

import pytest
from django.test import Client

from accounts.oidc.registration import add_provider
from instances.models import Organisation
from tests.accounts.oidc.conftest import code_of
from tests.accounts.oidc.refusals import refused
from tests.accounts.oidc.scripted_issuer import (
    CLIENT_ID,
)


def test_callback_is_accepted_once(browser, rule, issuer):
    url = issuer.authorize(browser.begin())
    browser.client.get(url)
    assert browser.person
    browser.client.logout()
    assert code_of(browser.client.get(url)) == "stale"
    assert browser.person is None


def test_callback_in_another_browser_is_refused(browser, rule, issuer):
    url = issuer.authorize(browser.begin())
    victim = Client()
    assert code_of(victim.get(url)) == "stale"
    assert "_auth_user_id" not in victim.session


def test_callback_of_another_provider_is_refused(browser, rule, issuer):
    add_provider(
        slug="other", name="Other", issuer=issuer.url, client_id=CLIENT_ID, client_secret="x"
    )
    url = issuer.authorize(browser.begin()).replace("/keycloak/", "/other/")
    refused(browser, browser.client.get(url), "stale")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda url, iss: url.replace(f"iss={iss}", "iss=https%3A%2F%2Fevil.example"), "refused"),
        (lambda url, iss: url.replace(f"&iss={iss}", ""), "refused"),
        (lambda url, iss: url.replace("code=", "error=access_denied&old="), "cancelled"),
        (lambda url, iss: url.replace("code=", "error=server_error&old="), "provider_error"),
        (lambda url, iss: url.replace("code=", "old="), "provider_error"),
        (lambda url, iss: url.replace("state=", "state=x"), "stale"),
        (lambda url, iss: url.replace("state=", "old="), "stale"),
    ],
    ids=["mix-up", "no issuer", "cancelled", "error", "no code", "other state", "no state"],
)
def test_callback_parameters_are_checked(browser, rule, issuer, change, code):

    url = issuer.authorize(browser.begin())
    refused(browser, browser.client.get(change(url, quote(issuer.url, safe=""))), code)
    assert "/token" not in issuer.asked


def test_code_of_another_login_is_refused(browser, rule, issuer):
    """PKCE: a stolen code is worth nothing in another login."""
    mine, theirs = browser.begin(), browser.begin()
    stolen = issuer.authorize(theirs).partition("code=")[2].partition("&")[0]
    url = issuer.authorize(mine)
    own = url.partition("code=")[2].partition("&")[0]
    refused(browser, browser.client.get(url.replace(own, stolen)), "provider_error")


def test_failure_page_shows_the_contact_and_no_token(browser, rule, issuer, settings):
    settings.SUPPORT_CONTACT = "help@rag.example"
    page = browser.log_in(nonce="another")
    assert "help@rag.example" in page.text
    Organisation.objects.update(support_contact="dsi@univ-a.example")
    page = browser.log_in(nonce="another")
    assert "dsi@univ-a.example" in page.text
    assert "help@rag.example" not in page.text
    assert page["X-Correlation-Id"] in page.text
    assert "id_token" not in page.text


def test_unreachable_provider_has_a_failure_page(browser, rule, issuer):
    url = issuer.authorize(browser.begin())
    app = rule.oidc_provider
    away = app.settings["configuration"] | {"token_endpoint": "http://127.0.0.1:9/token"}
    app.settings["configuration"] = away
    app.save()
    response = browser.client.get(url)
    assert response.status_code == 503
    refused(browser, response, "unreachable")


def test_logins_are_limited_by_address(browser, rule, settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"federated_login": "2/m/ip"}
    statuses = [
        browser.client.get("/accounts/oidc/keycloak/login/callback/").status_code for _ in range(3)
    ]
    assert statuses == [400, 400, 429]
