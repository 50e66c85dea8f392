"""Login rules for OpenID Connect: who may log in, and second factors."""

import json
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
)
from django.urls import reverse

from accounts.models import LoginRule, OidcSession
from accounts.oidc.registration import add_provider
from instances.models import Identity
from people.models import User
from tests.accounts.oidc.conftest import Browser, code_of
from tests.accounts.oidc.scripted_issuer import CLIENT_ID, CLIENT_SECRET
from tests.factories import InstanceFactory


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
