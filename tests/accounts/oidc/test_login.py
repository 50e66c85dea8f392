"""Login with OpenID Connect: creation of accounts, stored claims, login rules."""

from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.sessions.models import Session

from accounts.models import LoginRule, OidcSession
from accounts.oidc.registration import add_provider, remove_provider
from instances.models import Identity
from people.models import User
from tests.accounts.oidc.conftest import Browser
from tests.factories import OrganisationFactory, UserFactory

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
