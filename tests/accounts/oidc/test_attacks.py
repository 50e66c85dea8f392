"""Responses that a conforming provider never sends. After each refusal, no session exists."""

import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from accounts.oidc.configuration import discover
from accounts.oidc.errors import ProviderUnreachable
from tests.accounts.oidc.refusals import refused
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
