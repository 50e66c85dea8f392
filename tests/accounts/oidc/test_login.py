"""Login with OpenID Connect: creation of accounts, stored claims, login rules."""

import json
import time
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
)
from allauth.socialaccount.models import SocialAccount
from django.contrib.sessions.models import Session
from django.urls import reverse

from accounts.models import LoginRule, OidcSession
from accounts.oidc.registration import add_provider, remove_provider
from instances.models import Identity
from people.models import User
from tests.accounts.oidc.conftest import Browser, code_of
from tests.accounts.oidc.scripted_issuer import CLIENT_ID, CLIENT_SECRET
from tests.factories import InstanceFactory, OrganisationFactory, UserFactory

PROFILE = {"preferred_username": "zoe", "given_name": "Zoé", "family_name": "Petit"}


def as_signed(issuer, **claims):
    """A userinfo as ProConnect sends it."""

    def answer(userinfo):
        token = issuer.signed(issuer.standard_claims() | userinfo | claims)
        return 200, "application/jwt", token.encode()

    return answer


def test_authorization_request_has_state_nonce_and_pkce(browser, rule, issuer):
    url = browser.begin(auth_params="prompt=none&nonce=mine", scope="admin", next="/i/law/")
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert url.startswith(f"{issuer.url}/authorize?")
    assert query["redirect_uri"] == "https://rag.example/accounts/oidc/keycloak/login/callback/"
    assert query["code_challenge_method"] == "S256"
    assert query["nonce"] != "mine"
    assert len(query["nonce"]) > 40
    assert set(query["scope"].split()) == {"openid", "profile"}
    assert "prompt" not in query
    assert "law" not in url
    assert issuer.asked == [], "the discovery document is read beforehand"


def test_first_login_creates_account(browser, rule, issuer):
    issuer.userinfo = PROFILE | {"email": "zoe@univ-a.example", "email_verified": True}
    response = browser.log_in()
    assert (response.status_code, response.url) == (302, "/")
    person = browser.person
    assert (person.username, person.get_full_name()) == ("zoe", "Zoé Petit")
    assert (person.email, person.is_staff, person.has_usable_password()) == ("", False, False)
    session = OidcSession.objects.get()
    assert (session.rule, session.user) == (rule, person)
    assert session.session_key == browser.client.session.session_key
    account = SocialAccount.objects.get()
    assert (account.provider, account.uid, account.user) == ("keycloak", "zoe-1", person)


def test_second_login_opens_same_account(browser, rule, issuer):
    issuer.userinfo = {"email": "zoe@univ-a.example"}
    browser.log_in()
    assert browser.person.notice_address == "zoe@univ-a.example"
    issuer.userinfo = {"preferred_username": "renamed", "email": "x\nBcc: all@univ-a.example"}
    again = Browser(issuer)
    again.log_in()
    assert again.person == browser.person
    assert again.person.notice_address == "zoe@univ-a.example", "no address is no news"
    assert User.objects.count() == 1


def test_login_returns_to_the_next_page(browser, rule, issuer):
    url = browser.begin(next="/i/law/")
    assert browser.client.get(issuer.authorize(url)).url == "/i/law/"
    url = Browser(issuer).begin(next="https://evil.example/")
    assert "evil" not in url


@pytest.mark.parametrize("signed", [False, True], ids=["json", "jwt"])
def test_userinfo_completes_the_id_token(browser, rule, issuer, signed):
    issuer.userinfo = PROFILE | {"siret": "13002526500013"}
    if signed:
        issuer.userinfo_answer = as_signed(issuer)
    LoginRule.objects.update(required={"siret": ["13002526500013"]})
    browser.log_in()
    assert browser.person.username == "zoe"


def test_elliptic_curve_signature_is_accepted(browser, rule, issuer):
    issuer.sign = lambda claims: jwt.encode(claims, issuer.ec_key, "ES256", {"kid": "curve"})
    browser.log_in()
    assert browser.person


def test_mail_address_links_no_account(browser, rule, issuer):
    local = UserFactory(username="zoe", email="zoe@univ-a.example")
    issuer.userinfo = PROFILE | {"email": "zoe@univ-a.example", "email_verified": True}
    browser.log_in()
    assert browser.person != local
    assert browser.person.username != "zoe"


def test_long_sub_is_stored_as_digest(browser, rule):
    browser.log_in(sub="x" * 255)
    uid = SocialAccount.objects.get().uid
    assert uid.startswith("sha256:")
    assert len(uid) == 71


def test_verified_claims_are_stored(browser, rule, issuer):
    LoginRule.objects.update(allowed_scopes=["univ-a.example"])
    whole_feed = OrganisationFactory()
    elsewhere = LoginRule.objects.create(
        organisation=OrganisationFactory(), oidc_provider=rule.oidc_provider, affiliations=["staff"]
    )
    LoginRule.objects.create(
        organisation=whole_feed,
        oidc_provider=rule.oidc_provider,
        affiliations=[],
        required={"is_member_of": ["nobody"]},
    )
    issuer.userinfo = {
        "eduperson_scoped_affiliation": ["staff@univ-a.example", "student@evil.example"],
        "groups": ["cn=law"],
        "email": "zoe@univ-a.example",
    }
    browser.log_in()
    identity = Identity.objects.get()
    assert identity.user == browser.person
    assert identity.source == "keycloak:zoe-1"
    assert identity.organisation_ids == sorted([rule.organisation_id, elsewhere.organisation_id])
    assert (identity.scopes, identity.affiliations) == (["univ-a.example"], ["staff"])
    assert identity.attributes["isMemberOf"] == ["cn=law"]
    assert "email" not in identity.attributes


@pytest.mark.parametrize(
    ("change", "userinfo", "code"),
    [
        ({"affiliations": ["staff"]}, {"eduperson_affiliation": ["student"]}, "affiliation"),
        ({"affiliations": ["staff"]}, {}, "affiliation"),
        (
            {"affiliations": ["staff"], "allowed_scopes": ["univ-a.example"]},
            {"eduperson_scoped_affiliation": ["staff@evil.example", "student@univ-a.example"]},
            "affiliation",
        ),
        (
            {"allowed_scopes": ["univ-a.example"]},
            {"eduperson_principal_name": "zoe@evil.example"},
            "not_invited",
        ),
        ({"required": {"siret": ["1"]}}, {"siret": "2"}, "not_invited"),
        ({"require_mfa": True}, {"amr": ["mfa"]}, "mfa"),
    ],
    ids=["student", "none", "scope of affiliation", "scope", "claim", "mfa by userinfo"],
)
def test_login_outside_the_rule_is_refused(browser, rule, issuer, change, userinfo, code):
    LoginRule.objects.filter(pk=rule.pk).update(**change)
    issuer.userinfo = userinfo
    response = browser.log_in()
    assert (response.status_code, code_of(response)) == (403, code)
    assert browser.person is None
    assert not User.objects.exists()


def test_person_outside_the_rule_loses_earlier_claims(browser, rule, issuer):
    LoginRule.objects.filter(pk=rule.pk).update(required={"siret": ["1"]})
    issuer.userinfo = {"siret": "1"}
    browser.log_in()
    assert Identity.objects.get().organisation_ids == [rule.organisation_id]
    issuer.userinfo = {"siret": "2"}
    assert code_of(Browser(issuer).log_in()) == "not_invited"
    assert browser.person is None
    assert Identity.objects.get().organisation_ids == []


@pytest.mark.parametrize(
    "claims",
    [{"acr": "https://refeds.org/profile/mfa"}, {"amr": ["pwd", "mfa"]}],
    ids=["acr", "amr"],
)
def test_second_factor_is_requested_and_recorded(browser, rule, issuer, claims):
    LoginRule.objects.update(require_mfa=True)
    url = browser.begin()
    assert "refeds.org%2Fprofile%2Fmfa" in url
    browser.client.get(issuer.authorize(url, **claims))
    assert browser.client.session["second_factor"].startswith("keycloak:")


@pytest.fixture
def proconnect(app):
    """A provider with classes of its own, which refuses what it does not know."""
    app.settings |= {"mfa_acr": ["eidas2", "eidas3"], "pkce": False}
    app.save()
    return app


def test_acr_classes_of_provider_are_requested(browser, proconnect, rule, issuer):
    LoginRule.objects.update(require_mfa=True)
    url = browser.begin()
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert json.loads(query["claims"])["id_token"]["acr"] == {
        "essential": True,
        "values": ["eidas2", "eidas3"],
    }
    assert "code_challenge" not in query
    assert len(query["state"]) >= 32
    browser.client.get(issuer.authorize(url, acr="eidas2"))
    assert browser.client.session["second_factor"].startswith("keycloak:")


def test_acr_of_another_provider_is_no_second_factor(browser, rule):
    browser.log_in(acr="eidas2")
    assert "second_factor" not in browser.client.session


def test_password_alone_is_no_second_factor(browser, rule):
    browser.log_in(amr=["pwd"], acr="1")
    assert "second_factor" not in browser.client.session


def test_local_second_factor_is_required_before_session(browser, rule):
    browser.log_in()
    person = browser.person
    TOTP.activate(person, secret := generate_totp_secret())
    browser.client.post("/saml/logout/")
    assert browser.log_in(amr=["mfa"]).url == reverse("mfa_authenticate")
    assert browser.person is None
    assert not OidcSession.objects.exists()
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    browser.client.post(reverse("mfa_authenticate"), {"code": code})
    assert browser.person == person
    assert OidcSession.objects.get().session_key == browser.client.session.session_key
    assert browser.client.session["second_factor"].startswith("keycloak:")


def test_login_without_a_rule_is_refused(browser, rule):
    LoginRule.objects.update(is_enabled=False)
    response = browser.client.get("/accounts/oidc/keycloak/login/")
    assert code_of(response) == "idp_blocked"
    assert "Université A" not in browser.client.get(reverse("account_login")).text


def test_rule_disabled_during_login_refuses_it(browser, rule, issuer):
    url = issuer.authorize(browser.begin())
    LoginRule.objects.update(is_enabled=False)
    assert code_of(browser.client.get(url)) == "idp_blocked"
    assert browser.person is None


def test_instance_rule_has_precedence(browser, app, issuer):
    instance = InstanceFactory(slug="law")
    LoginRule.objects.create(
        organisation=instance.organisation, instance=instance, oidc_provider=app, affiliations=[]
    )
    assert code_of(browser.client.get("/accounts/oidc/keycloak/login/")) == "idp_blocked"
    browser.client.get(issuer.authorize(browser.begin(instance="law")))
    assert browser.person
    assert Identity.objects.get().organisation_ids == []


def test_login_page_offers_providers_of_enabled_rules(client, rule, issuer):
    add_provider(
        slug="other",
        name="Without a rule",
        issuer=issuer.url,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
    )
    page = client.get(reverse("account_login"))
    assert 'href="/accounts/oidc/keycloak/login/' in page.text
    assert "Without a rule" not in page.text


def test_login_page_keeps_next_page(client, rule):
    page = client.get(reverse("account_login"), {"next": "/i/law/"})
    assert 'href="/accounts/oidc/keycloak/login/?next=%2Fi%2Flaw%2F' in page.text


def test_logout_continues_at_the_provider(browser, rule, issuer):
    browser.log_in()
    page = browser.client.post("/saml/logout/")
    url = page.context["url"]
    query = parse_qs(urlsplit(url).query)
    assert url.startswith(f"{issuer.url}/logout?")
    assert query["post_logout_redirect_uri"] == ["https://rag.example/accounts/login/"]
    assert query["id_token_hint"][0].count(".") == 2
    assert len(query["state"][0]) >= 32
    assert browser.person is None
    assert not OidcSession.objects.exists()


def test_removed_provider_ends_its_sessions(browser, rule, app):
    browser.log_in()
    remove_provider(app)
    assert browser.person is None
    assert not Session.objects.exists()
    assert not Identity.objects.exists()
    assert not SocialAccount.objects.exists()
    assert browser.client.get("/accounts/oidc/keycloak/login/").status_code == 404


@pytest.mark.parametrize("slug", ["saml", "openid_connect"])
def test_reserved_slug_is_refused(db, issuer, slug):
    with pytest.raises(ValueError, match="protocol"):
        add_provider(slug=slug, name="x", issuer=issuer.url, client_id="x", client_secret="x")
