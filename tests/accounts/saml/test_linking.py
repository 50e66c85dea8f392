"""A SAML login that is added to an account, and its verified claims."""

import time

from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
)
from allauth.socialaccount.models import SocialAccount
from django.urls import reverse

from accounts.models import IdentityProvider, LoginRule, SamlSession
from instances.access.second_factor import SESSION_KEY
from instances.models import Identity
from people.models import User
from tests.accounts.saml.idps import forger
from tests.accounts.saml.journey import Browser, code_of
from tests.factories import PASSWORD, OrganisationFactory, UserFactory


def begin_linking(browser, user):
    browser.client.post("/accounts/login/", {"login": user.username, "password": PASSWORD})
    page = browser.client.post(reverse("login_add"), {"provider": "saml"})
    assert page.context["url"].startswith(reverse("saml:discovery"))


def test_login_is_added_to_account_that_requested_it(browser, rule, idp_a):
    ada = UserFactory(username="ada")
    begin_linking(browser, ada)
    assert browser.log_in(rule).url == reverse("logins")
    assert browser.person == ada
    (login,) = browser.client.get(reverse("logins")).context["logins"]
    assert login["name"] == IdentityProvider.objects.get().name_in("en")
    assert login["identity"]
    other = Browser(idp_a)
    other.log_in(rule)
    assert other.person == ada
    assert User.objects.count() == 1


def test_login_of_another_account_is_refused(browser, rule, idp_a):
    Browser(idp_a).log_in(rule)
    ada = UserFactory(username="ada")
    begin_linking(browser, ada)
    assert code_of(browser.log_in(rule)) == "linked_elsewhere"
    assert browser.person == ada


def test_response_to_linking_request_logs_no_one_else_in(browser, rule):
    """Whoever was logged out, or is somebody else by now, gets nothing."""
    begin_linking(browser, UserFactory(username="ada"))
    browser.begin(rule)
    xml = forger.signed_assertion(browser.answer())
    browser.client.post("/saml/logout/")
    assert code_of(browser.finish(xml)) == "linking_ended"
    assert browser.person is None
    assert not SocialAccount.objects.exists()


def test_verified_claims_are_stored(browser, rule):
    LoginRule.objects.filter(pk=rule.pk).update(affiliations=[])
    for affiliations in (["nobody"], []):
        LoginRule.objects.create(
            organisation=OrganisationFactory(),
            identity_provider=rule.identity_provider,
            affiliations=affiliations,
        )
    fitting = set(
        LoginRule.objects.filter(affiliations=[]).values_list("organisation_id", flat=True)
    )
    IdentityProvider.objects.update(registration_authority="https://federation.example")
    browser.log_in(rule)
    identity = Identity.objects.get()
    assert identity.user == browser.person
    assert identity.source == f"saml:{SocialAccount.objects.get().uid}"
    assert set(identity.organisation_ids) == fitting
    assert identity.scopes == ["univ-a.example"]
    assert identity.affiliations == ["member", "staff"]
    assert identity.federation == "", "a single IdP belongs to no federation"
    assert "mail" not in identity.attributes
    assert SESSION_KEY not in browser.client.session


def test_local_second_factor_is_required_before_session(browser, rule):
    browser.log_in(rule)
    person = browser.person
    TOTP.activate(person, secret := generate_totp_secret())
    browser.client.post("/saml/logout/")
    SamlSession.objects.all().delete()
    assert browser.log_in(rule).url == reverse("mfa_authenticate")
    assert browser.person is None
    assert not SamlSession.objects.exists()
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    browser.client.post(reverse("mfa_authenticate"), {"code": code})
    assert browser.person == person
    session = SamlSession.objects.get()
    assert session.session_key == browser.client.session.session_key
    assert session.name_id or session.session_index
