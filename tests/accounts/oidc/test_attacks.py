"""Responses that a conforming provider never sends. After each refusal, no session exists."""

import time
from urllib.parse import quote

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

from accounts.oidc.configuration import discover
from accounts.oidc.errors import ProviderUnreachable
from accounts.oidc.registration import add_provider
from instances.models import Organisation
from people.models import User
from tests.accounts.oidc.conftest import code_of
from tests.accounts.oidc.scripted_issuer import (
    CLIENT_ID,
    CLIENT_SECRET,
    as_json,
    by_shared_secret,
    public_jwk,
    public_pem,
    tampered,
    unsigned,
)

# Stands for a time that is known when the test runs: names of tests are constant.
TOMORROW = "tomorrow"


def refused(browser, response, code="refused"):
    """Nobody came in; the page says nothing of why."""
    assert code_of(response) == code
    assert browser.person is None
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another-client"},
        {"aud": None},
        {"aud": [CLIENT_ID, "another-client"]},
        {"azp": "another-client"},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"iat": 1_700_000_000},
        {"iat": None},
        {"iat": TOMORROW},
        {"nbf": TOMORROW},
        {"nonce": "another-login"},
        {"nonce": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
        {"at_hash": "of-another-token"},
    ],
    ids=lambda claims: "-".join(f"{name}={str(value)[:20]}" for name, value in claims.items()),
)
def test_id_token_with_wrong_claims_is_refused(browser, rule, claims):
    tomorrow = int(time.time()) + 86_400
    said = {name: tomorrow if value == TOMORROW else value for name, value in claims.items()}
    refused(browser, browser.log_in(**said))


@pytest.fixture
def forgeries(issuer):
    """Signatures that must not count, by name."""
    small = rsa.generate_private_key(65537, 1024)  # noqa: S505 (that is the point)
    issuer.keys = [*issuer.keys, public_jwk(small, "small", use="sig")]

    def sign(key, algorithm="RS256", **header):
        return lambda claims: jwt.encode(claims, key, algorithm, {"kid": "current"} | header)

    return {
        "none": unsigned,
        "hmac of the public key": by_shared_secret(public_pem(issuer.key)),
        "hmac of the client secret": by_shared_secret(CLIENT_SECRET.encode()),
        "a stranger's key": sign(issuer.stranger_key),
        "an unknown key id": sign(issuer.key, kid="unknown"),
        "an encryption key": sign(issuer.stranger_key, kid="for-encryption"),
        "a short key": sign(small, kid="small"),
        "another algorithm than the key's": sign(issuer.key, "RS512"),
        "tampered": lambda claims: tampered(issuer.signed(claims | {"sub": "eve"}), sub="zoe-1"),
        "an embedded key": sign(
            issuer.stranger_key, jwk=public_jwk(issuer.stranger_key, "current")
        ),
        "a critical extension": sign(issuer.key, crit=["exp"], exp=1),
        "an access token": sign(issuer.key, typ="at+jwt"),
        "no token": lambda claims: "",
        "no jwt": lambda claims: "a.b.c",
        "enormous": lambda claims: issuer.signed(claims | {"padding": "x" * 70_000}),
    }


@pytest.mark.parametrize(
    "name",
    [
        "none",
        "hmac of the public key",
        "hmac of the client secret",
        "a stranger's key",
        "an unknown key id",
        "an encryption key",
        "a short key",
        "another algorithm than the key's",
        "tampered",
        "an embedded key",
        "a critical extension",
        "an access token",
        "no token",
        "no jwt",
        "enormous",
    ],
)
@pytest.mark.parametrize("where", ["id_token", "userinfo"])
def test_bad_signature_is_refused(browser, rule, issuer, forgeries, name, where):
    if where == "id_token":
        issuer.sign = forgeries[name]
    else:
        issuer.userinfo_answer = lambda claims: (
            200,
            "application/jwt",
            forgeries[name](issuer.standard_claims() | claims).encode(),
        )
    refused(browser, browser.log_in())


@pytest.mark.parametrize(
    "claims",
    [{"sub": "eve"}, {"sub": None}, {"iss": "https://evil.example"}, {"aud": "another-client"}],
    ids=["sub", "no sub", "iss", "aud"],
)
def test_signed_userinfo_of_another_subject_is_refused(browser, rule, issuer, claims):
    def answer(userinfo):
        said = issuer.standard_claims() | userinfo | claims
        return (
            200,
            "application/jwt",
            issuer.signed(
                {name: value for name, value in said.items() if value is not None}
            ).encode(),
        )

    issuer.userinfo_answer = answer
    refused(browser, browser.log_in())


@pytest.mark.parametrize("sub", ["eve", None], ids=["eve", "nobody"])
def test_plain_userinfo_of_another_subject_is_refused(browser, rule, issuer, sub):
    issuer.userinfo = {"sub": sub}
    refused(browser, browser.log_in())


@pytest.mark.parametrize(
    "answer",
    [
        (500, "text/plain", b""),
        (200, "text/html", b"<html>"),
        (200, "application/json", b"[]"),
        (200, "application/json", b"x" * 300_000),
        (302, "text/plain", b"/.well-known/openid-configuration"),
    ],
    ids=["error", "html", "list", "huge", "redirection"],
)
def test_malformed_userinfo_is_refused(browser, rule, issuer, answer):
    issuer.userinfo_answer = lambda claims: answer
    response = browser.log_in()
    assert response.status_code == 503
    refused(browser, response, "unreachable")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((400, "application/json", b'{"error": "invalid_grant"}'), "provider_error"),
        ((500, "text/plain", b""), "provider_error"),
        ((200, "application/json", b"{"), "unreachable"),
        ((302, "text/plain", b"/token"), "unreachable"),
        (as_json({"access_token": ["x"]}), "refused"),
    ],
    ids=["refusal", "error", "broken", "redirection", "list"],
)
def test_malformed_token_response_is_refused(browser, rule, issuer, answer, code):
    issuer.token_answer = lambda tokens: answer
    refused(browser, browser.log_in(), code)


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


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": None},
        {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"userinfo_endpoint": ["x"]},
    ],
    ids=["issuer", "missing", "in the clear", "file", "list"],
)
def test_bad_discovery_document_is_refused(issuer, document):
    issuer.discovery = document
    with pytest.raises(ProviderUnreachable):
        discover(issuer.url)


def test_issuer_must_use_https():
    with pytest.raises(ProviderUnreachable, match="https"):
        discover("http://idp.example")


def test_unknown_key_ids_do_not_refetch_keys_each_time(browser, rule, issuer, forgeries):
    issuer.sign = forgeries["an unknown key id"]
    for _attempt in range(4):
        refused(browser, browser.log_in())
    assert issuer.asked.count("/jwks") <= 2


def test_new_key_of_provider_is_fetched(browser, rule, issuer):
    browser.log_in()
    new = rsa.generate_private_key(65537, 2048)
    issuer.keys = [*issuer.keys, public_jwk(new, "new", use="sig")]
    issuer.sign = lambda claims: jwt.encode(claims, new, "RS256", {"kid": "new"})
    browser.client.logout()
    browser.log_in()
    assert browser.person


def test_logins_are_limited_by_address(browser, rule, settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"federated_login": "2/m/ip"}
    statuses = [
        browser.client.get("/accounts/oidc/keycloak/login/callback/").status_code for _ in range(3)
    ]
    assert statuses == [400, 400, 429]
